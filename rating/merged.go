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

// Absorbs says whether a further copy changes nothing of e, into which copies with other content
// were merged: the earliest has won, and what this one could fill in is there already. It may say
// no of a copy that changes nothing.
func (e *Event) Absorbs(further *Event) bool {
	rest := *further
	if rest.Kind == KindUnknown {
		rest.Kind = e.Kind
	}
	rest.Category, rest.Template = firstKnown(rest.Category, e.Category), firstKnown(rest.Template, e.Template)
	switch {
	case rest.Kind != e.Kind, rest.Category != known(e.Category), rest.Template != known(e.Template):
		return false
	case rest.At != e.At:
		return rest.At > e.At
	}
	return rest == *e // of one instant the content decides
}
