package live

import "postage/rating"

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
		s.event(t, *e, hashText(e.Extra), differs)
	})
}
