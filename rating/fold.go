package rating

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// Folder folds the priced messages of one account and month into its statement.
// A statement depends on the multiset of messages only, not on their order.
type Folder struct {
	tariff  *Tariff
	account string
	month   Month
	counts  Counts
	runs    map[run]int64
	fees    perMessageFees
	costs   map[costRun]int64
	unrated map[UnratedLine]int64
}

// costRun is what makes messages cost the same.
type costRun struct {
	outcome Outcome
	rate    *Rate
}

// run is what makes messages stand on one line: messages are counted, never
// added up one by one.
type run struct {
	kind                     LineKind
	regime                   Regime
	market, category, reason string
	tier                     int
	rate                     *Rate
}

// NewFolder begins the statement of an account for a month.
func NewFolder(t *Tariff, account string, m Month) *Folder {
	return &Folder{tariff: t, account: account, month: m, runs: map[run]int64{}, fees: perMessageFees{}, costs: map[costRun]int64{}, unrated: map[UnratedLine]int64{}}
}

// StatementMonth is the month on whose statement a message is counted: its
// billing month, or, never delivered, the month it was sent in. Zero for a
// message of no known account.
func (m *Message) StatementMonth() Month {
	switch {
	case m.account == nil:
		return Month{}
	case !m.Month.IsZero():
		return m.Month
	}
	y, mo, _ := m.SentAt.Time().In(m.account.loc).Date()
	return Month{y, mo}
}

// Add counts a message of the account. Its StatementMonth must be the folder's.
func (f *Folder) Add(m *Message) {
	f.counts.add(m)
	f.fees.add(f.tariff, m)
	if m.Cost.Outcome == Charged || m.Cost.Outcome == Unrated {
		f.costs[costRun{m.Cost.Outcome, m.Cost.Rate}]++
	}
	switch m.Outcome {
	case Charged:
		f.runs[run{UsageLine, m.Regime, m.Market, m.BilledCategory(), m.Reason.String(), m.Tier, m.Rate}]++
	case Free:
		if m.Reason == Allowance {
			f.runs[run{AllowanceLine, m.Regime, m.Market, m.BilledCategory(), m.Reason.String(), 0, nil}]++
		}
	case Unrated:
		f.unrated[UnratedLine{Reason: m.Reason.String(), Market: m.Market, Category: m.BilledCategory(), Missing: f.tariff.missingFor(m)}]++
	case Rejected, Pending:
	}
}

// Plus adds up the counts of two statements.
func (c Counts) Plus(d Counts) Counts {
	return Counts{
		Messages: c.Messages + d.Messages, CareFree: c.CareFree + d.CareFree, CareCharged: c.CareCharged + d.CareCharged,
		NoticeFree: c.NoticeFree + d.NoticeFree, NoticeCharged: c.NoticeCharged + d.NoticeCharged,
		NotDelivered: c.NotDelivered + d.NotDelivered, Rejected: c.Rejected + d.Rejected, Pending: c.Pending + d.Pending, Unrated: c.Unrated + d.Unrated,
	}
}

func (c *Counts) add(m *Message) {
	c.Messages++
	switch {
	case m.Outcome == Unrated:
		c.Unrated++
	case m.Outcome == Rejected:
		c.Rejected++
	case m.Outcome == Pending:
		c.Pending++
	case m.Reason == NotDelivered:
		c.NotDelivered++
	case m.Outcome == Charged && m.Class == Care:
		c.CareCharged++
	case m.Outcome == Charged:
		c.NoticeCharged++
	case m.Class == Care:
		c.CareFree++
	default:
		c.NoticeFree++
	}
}

// Statement makes the statement: fees, usage, allowance, minimum spend. Each line
// is quantity x unit price, rounded once. An error names the tariff row that
// makes a fee impossible to state.
func (f *Folder) Statement() (*Statement, error) {
	t, m := f.tariff, f.month
	row := t.LastTerms(f.account, m)
	if row == nil {
		return nil, fmt.Errorf("account %q has no row in accounts.csv for %s", f.account, m)
	}
	s := &Statement{
		Account: f.account, Name: row.Name, Month: m, Package: row.Package,
		Currency: row.Currency, Scale: MinorDigits(row.Currency), Tariff: t.Rows.Version, Counts: f.counts,
	}
	fees, err := t.fees(f.account, row.Currency, m)
	if err != nil {
		return nil, err
	}
	perMessage, err := f.messageFees(row.Currency)
	if err != nil {
		return nil, err
	}
	s.Lines = slices.Concat(fees, perMessage, f.usage(row.Currency))
	s.Costs = f.cost()
	for _, l := range s.Lines {
		s.Exact, s.Billed = s.Exact.Add(l.Exact), s.Billed.Add(l.Billed)
	}
	minimum, err := t.minimumSpend(f.account, row.Currency, m)
	if err != nil {
		return nil, err
	}
	// To the billed total, so that the invoice shows the minimum to the cent.
	if short := minimum.Sub(s.Billed); short.IsPositive() {
		l := Line{Kind: MinimumSpendLine, Quantity: 1, UnitPrice: short, Exact: short, Billed: RoundBilled(short, row.Currency), Detail: "minimum spend " + RoundBilled(minimum, row.Currency).StringFixed(MinorDigits(row.Currency))}
		s.Lines = append(s.Lines, l)
		s.Exact, s.Billed = s.Exact.Add(l.Exact), s.Billed.Add(l.Billed)
	}
	for _, l := range t.adjustments(f.account, row.Currency, m) {
		s.Lines = append(s.Lines, l)
		s.Exact, s.Billed = s.Exact.Add(l.Exact), s.Billed.Add(l.Billed)
	}
	s.Residue = s.Billed.Sub(s.Exact)
	for u, n := range f.unrated {
		u.Count = n
		s.Unrated = append(s.Unrated, u)
	}
	slices.SortFunc(s.Unrated, func(a, b UnratedLine) int {
		return cmp.Or(strings.Compare(a.Reason, b.Reason), strings.Compare(a.Market, b.Market), strings.Compare(a.Category, b.Category), strings.Compare(a.Missing, b.Missing))
	})
	return s, nil
}

// messageFees turns the counted fees into lines in a fixed order.
func (f *Folder) messageFees(currency string) ([]Line, error) {
	var lines []Line
	for r, n := range f.fees {
		fee := map[LineKind]decimal.Decimal{CareFeeLine: r.pack.CareFee, ReceivedFeeLine: r.pack.ReceivedFee, FailedFeeLine: r.pack.FailedFee}[r.kind]
		l, err := f.tariff.feeLine(r.kind, fee, f.month.Days(), r.pack, currency, f.month)
		if err != nil {
			return nil, err
		}
		l.Detail, l.Quantity = r.pack.Package, n
		l.Exact = l.UnitPrice.Mul(decimal.NewFromInt(n))
		l.Billed = RoundBilled(l.Exact, currency)
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.PriceRow, b.PriceRow))
	})
	return lines, nil
}

// cost adds up what the carrier bills, by currency.
func (f *Folder) cost() []Cost {
	byCurrency := map[string]*Cost{}
	for r, n := range f.costs {
		currency := ""
		if r.rate != nil {
			currency = r.rate.Currency
		}
		c := byCurrency[currency]
		if c == nil {
			c = &Cost{Currency: currency}
			byCurrency[currency] = c
		}
		if r.outcome == Unrated {
			c.Unrated += n
			continue
		}
		c.Messages += n
		c.Exact = c.Exact.Add(r.rate.UnitPrice.Mul(decimal.NewFromInt(n)))
	}
	var costs []Cost
	for _, c := range byCurrency {
		costs = append(costs, *c)
	}
	slices.SortFunc(costs, func(a, b Cost) int { return strings.Compare(a.Currency, b.Currency) })
	return costs
}

// usage turns the counted runs into lines in a fixed order.
func (f *Folder) usage(currency string) []Line {
	lines := make([]Line, 0, len(f.runs))
	for r, n := range f.runs {
		l := Line{Kind: r.kind, Regime: r.regime.String(), Market: r.market, Category: r.category, Reason: r.reason, Tier: r.tier, Quantity: n}
		if r.rate != nil {
			l.From, l.PriceRow, l.UnitPrice = r.rate.FromVolume, r.rate.PriceRow, r.rate.UnitPrice
			l.Exact = l.UnitPrice.Mul(decimal.NewFromInt(n))
			l.Billed = RoundBilled(l.Exact, currency)
		}
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(
			-strings.Compare(string(a.Kind), string(b.Kind)), // usage before allowance
			strings.Compare(a.Regime, b.Regime), strings.Compare(a.Category, b.Category), strings.Compare(a.Market, b.Market),
			strings.Compare(a.Reason, b.Reason), cmp.Compare(a.Tier, b.Tier), strings.Compare(a.PriceRow, b.PriceRow),
			a.UnitPrice.Cmp(b.UnitPrice),
		)
	})
	return mergeAlike(lines, currency)
}

// mergeAlike makes one line of neighbours that say the same and cost the same:
// the same price row can be reached through two package rows with equal terms.
// Rounding happens per line, so the split would otherwise show in the total.
func mergeAlike(lines []Line, currency string) []Line {
	merged := lines[:0]
	for _, l := range lines {
		if n := len(merged); n > 0 && merged[n-1].sameRun(&l) {
			last := &merged[n-1]
			last.Quantity += l.Quantity
			last.Exact = last.UnitPrice.Mul(decimal.NewFromInt(last.Quantity))
			last.Billed = RoundBilled(last.Exact, currency)
			continue
		}
		merged = append(merged, l)
	}
	return merged
}

func (l *Line) sameRun(o *Line) bool {
	return l.Kind == o.Kind && l.Regime == o.Regime && l.Market == o.Market && l.Category == o.Category && l.Reason == o.Reason &&
		l.Tier == o.Tier && l.PriceRow == o.PriceRow && l.UnitPrice.Equal(o.UnitPrice)
}

// LastTerms is the account's row in force on its last day in the month. When it has none there, it is the row
// that ended last before: what was sent under it may be delivered, and so billed, in the month after.
func (t *Tariff) LastTerms(account string, m Month) *AccountRow {
	for d := m.Last(); !d.Before(m.First()); d = d.AddDays(-1) {
		if row := t.AccountOn(account, d); row != nil {
			return row
		}
	}
	var last *AccountRow
	for _, a := range t.accounts[account] {
		if !a.ValidTo.IsZero() && !m.First().Before(a.ValidTo) && (last == nil || last.ValidTo.Before(a.ValidTo)) {
			last = a.AccountRow
		}
	}
	return last
}

// missingFor says in words what a tariff needs so that an unrated message can
// be rated.
func (t *Tariff) missingFor(m *Message) string {
	switch m.Reason {
	case UnknownSender:
		return fmt.Sprintf("a row for %s in senders.csv, and its account in accounts.csv", m.Sender)
	case UnknownMarket:
		return fmt.Sprintf("a row in markets.csv for the prefix of +%s...", strings.TrimPrefix(m.User, "+")[:min(4, len(m.User)-1)])
	case UnknownCategory:
		return "the message's category: the sending system's own `message.sent`"
	case NoPackage:
		return fmt.Sprintf("a package for account %s in accounts.csv and packages.csv", m.Account)
	default:
		list := ""
		if pack := t.packageOn(m.account.Package, DateOf(m.SentAt.Time().In(m.account.loc))); pack != nil {
			list = pack.PriceList
		}
		return fmt.Sprintf("a row in prices.csv for list %s, market %s, category %s (or in fx.csv, into %s)", list, m.Market, m.BilledCategory(), m.account.Currency)
	}
}
