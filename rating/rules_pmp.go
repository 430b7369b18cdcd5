package rating

// pmp1 is per-message pricing, July 2025 to September 2026: every delivered
// template is charged, except utility inside the care window; free-form is free.
type pmp1 struct{}

func (pmp1) judge(c *conversation, f *facts) {
	switch {
	case freeByEntryPoint(c, f):
	case f.freeform, f.Category == utility && f.inWindow:
		f.free(FreeCustomerService)
	case f.Category == utility && inUtilitySession(c, f):
		f.free(InOpenConversation)
	default:
		f.charge(TemplateRegular)
	}
}

// inUtilitySession says whether a utility session that was opened before the
// switch to per-message pricing is still open. Marketing sessions did not carry
// over.
func inUtilitySession(c *conversation, f *facts) bool {
	_, ok := c.openSession(f.DeliveredAt, func(s session) bool {
		return s.category == utility && s.regime.byConversation() && s.start < f.switched
	})
	return ok
}

// pmp2 is per-message pricing since October 2026: every delivered template is
// charged, inside the window too, and so is free-form beyond the sender's first
// 1,000 of the month, which Price draws down.
type pmp2 struct{}

func (pmp2) judge(c *conversation, f *facts) {
	switch {
	case freeByEntryPoint(c, f):
	case f.freeform:
		f.charge(ServiceRegular)
	default:
		f.charge(TemplateRegular)
	}
}
