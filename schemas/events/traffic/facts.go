package traffic

import "postage/rating"

// Facts says what a stream held, for whoever wants to compare it with what a
// pipeline made of it.
type Facts struct {
	Month    rating.Month
	Format   Format
	Total    Tally
	Accounts []AccountFacts // in the order of Config.Accounts
}

// AccountFacts are the facts of one account.
type AccountFacts struct {
	Account string
	Profile string
	Tally
}

// Tally counts. An event is counted once however many copies of it arrive, so
// Events is what remains when copies are recognised by identity.
type Tally struct {
	Outbound int64 // messages of the firm, echoes and its own reactions included
	Inbound  int64 // messages, calls and reactions of users
	Consents int64
	Events   int64 // distinct identities: inbounds, consents and statuses
	Rejected int64 // free-form messages tried outside the window
	Records  int64 // everything that arrived, copies included
	Copies   int64 // records that repeat an earlier record byte for byte
	Variants int64 // events that arrived a second time with other content
}

func (t *Tally) add(o Tally) {
	t.Outbound += o.Outbound
	t.Inbound += o.Inbound
	t.Consents += o.Consents
	t.Events += o.Events
	t.Rejected += o.Rejected
	t.Records += o.Records
	t.Copies += o.Copies
	t.Variants += o.Variants
}
