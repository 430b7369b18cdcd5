package rating

// nbp is notification-based pricing, 2018 to January 2022, the founding rule: a
// delivered template sent outside the care window is charged; inside it
// everything is free.
type nbp struct{}

func (nbp) judge(_ *conversation, f *facts) {
	switch {
	case f.freeform:
		f.free(FreeformInCareWindow)
	case f.inWindow:
		f.free(TemplateInCareWindow)
	default:
		f.charge(TemplateOutsideCareWindow)
	}
}
