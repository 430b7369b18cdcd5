package rating

// receivedKey is where a customer's message is counted for accounts that pay a
// fee per message received.
type receivedKey struct {
	account string
	month   Month
	pack    *PackageRow
}

// countReceived counts the inbound messages of the conversation just read, by
// the account, month and package of the time they were written.
func (c *Classifier) countReceived() {
	if !c.tariff.received || len(c.timeline.inbounds) == 0 {
		return
	}
	for i := range c.timeline.slots {
		e := c.timeline.slots[i].events[Received]
		if e == nil {
			continue
		}
		account := e.Account
		if s := termAt(c.tariff.senders[e.Sender], e.At); s != nil {
			account = s.Account
		}
		terms := c.tariff.accountAt(account, e.At)
		if terms == nil {
			continue
		}
		on := c.places.days.of(e.At, terms.loc)
		if pack := c.tariff.packageOn(terms.Package, on); pack != nil && !pack.ReceivedFee.IsZero() {
			c.received[receivedKey{account, Month{on.Year, on.Month}, pack}]++
		}
	}
}

// Inbounds are counts of customers' messages that cost a fee.
type Inbounds map[receivedKey]int64

// Inbounds returns the counts of all conversations classified so far.
func (c *Classifier) Inbounds() Inbounds { return c.received }

// perMessageFees counts the messages of a statement that cost a fee each,
// whatever their price: care answered, customers' messages received, failures.
type perMessageFees map[feeRun]int64

type feeRun struct {
	kind LineKind
	pack *PackageRow
}

// add counts the fees of one outbound message.
func (f perMessageFees) add(t *Tariff, m *Message) {
	if !t.messageFees || m.account == nil {
		return
	}
	pack := t.packageOn(m.account.Package, DateOf(m.SentAt.Time().In(m.account.loc)))
	if pack == nil || m.Kind == Echo || m.Kind == Reaction {
		return
	}
	switch {
	case m.DeliveredAt != 0 && m.Class == Care && !pack.CareFee.IsZero():
		f[feeRun{CareFeeLine, pack}]++
	case m.DeliveredAt == 0 && m.Failed && !pack.FailedFee.IsZero():
		f[feeRun{FailedFeeLine, pack}]++
	}
}

// AddInbounds counts the customers' messages of the folder's account and month.
func (f *Folder) AddInbounds(r Inbounds) {
	for key, n := range r {
		if key.account == f.account && key.month == f.month {
			f.fees[feeRun{ReceivedFeeLine, key.pack}] += n
		}
	}
}
