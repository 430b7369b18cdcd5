package live

import (
	"postage/rating"
	"slices"
)

// judge classifies under one tariff.
type judge struct {
	tariff     *rating.Tariff
	classifier *rating.Classifier
	messages   []rating.Message
	prints     map[string]uint64
}

func newJudge(t *rating.Tariff) *judge {
	return &judge{tariff: t, classifier: rating.NewClassifier(t), prints: map[string]uint64{}}
}

// classify returns the verdicts on one conversation, valid until the next call.
func (j *judge) classify(events []rating.Event) []rating.Message {
	j.messages = j.classifier.Classify(j.messages[:0], events)
	return j.messages
}

// merge puts the conversation just classified into a story.
func (j *judge) merge(s *story) {
	s.reset()
	j.classifier.Merged(func(e *rating.Event, differs bool) {
		hash := hashText(e.MessageID)
		t := s.find(hash)
		if t == nil {
			t = s.message(told{hash: hash, id: e.MessageID, whole: true})
		}
		s.event(t, *e, hashText(e.Extra), spelledOut, differs)
	})
}

// settle puts what became of new copies into the story just classified.
func (j *judge) settle(s *story) {
	if len(s.copies) == 0 {
		return
	}
	j.classifier.Merged(func(e *rating.Event, differs bool) {
		if !differs || !slices.ContainsFunc(s.copies, func(c rating.Event) bool { return c.Type == e.Type && c.MessageID == e.MessageID }) {
			return
		}
		at := s.named(e.MessageID).by[e.Type] - 1
		s.events[at], s.extras[at], s.codes[at], s.merged[at] = *e, hashText(e.Extra), spelledOut, true
	})
	s.copies = s.copies[:0]
}
