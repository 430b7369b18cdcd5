package rating

// Rater rates sets of conversations one after another in memory that it keeps.
type Rater struct {
	tariff     *Tariff
	classifier *Classifier
	pricer     *Pricer
	messages   []Message
	chargeable []*Message
}

// NewRater returns a rater for a tariff.
func NewRater(t *Tariff) *Rater {
	return &Rater{tariff: t, classifier: NewClassifier(t), pricer: NewPricer(t)}
}

// Reset forgets all messages and counters, and keeps the memory.
func (r *Rater) Reset() {
	r.messages = r.messages[:0]
	r.pricer.Reset()
}

// Add classifies one conversation.
func (r *Rater) Add(events []Event) { r.messages = r.classifier.Classify(r.messages, events) }

// Price prices what was added since Reset, all of which must be of one group of
// accounts, and returns it. The messages are valid until the next Reset.
func (r *Rater) Price() []Message {
	r.chargeable = r.chargeable[:0]
	for i := range r.messages {
		m := &r.messages[i]
		m.Settle(r.classifier.Latest())
		if m.Chargeable() {
			r.chargeable = append(r.chargeable, m)
		}
	}
	r.pricer.Price(r.chargeable)
	return r.messages
}
