package rating

// Merged visits the events of the conversation last classified as the verdicts saw
// them: one for each message and type, copies removed. differs says that copies with
// other content were merged into it. Consents are left out. The events belong to the
// classifier until its next call.
func (c *Classifier) Merged(visit func(e *Event, differs bool)) {
	t := &c.timeline
	for i := range t.slots {
		for _, e := range t.slots[i].events {
			if e != nil {
				visit(e, t.merged(e))
			}
		}
	}
}

func (t *timeline) merged(e *Event) bool {
	for _, d := range t.differing {
		if d.Type == e.Type && d.MessageID == e.MessageID {
			return true
		}
	}
	return false
}
