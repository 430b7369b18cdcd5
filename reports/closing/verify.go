package closing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"postage/reports/ubl"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// Verifier recomputes what was issued. It changes nothing.
type Verifier struct {
	Log   reports.EventLog
	Books *books.Books
	// Analysts have been told what the books have issued; nil when there are none.
	Analysts reports.BookStore
	Thaw     func(content []byte) (*rating.Tariff, error)
	Logger   *slog.Logger
	// LogFaults lists in words what the log lacks below a cut-off.
	LogFaults func(ctx context.Context, upTo reports.Cutoff) ([]string, error)
	// Projected are the statements of a run as SQL adds them up, by account; none while
	// the run is not in ClickHouse.
	Projected func(ctx context.Context, runID string) (map[string]ProjectedTotal, error)
}

// ProjectedTotal is the billed total of a statement, counted by SQL.
type ProjectedTotal struct {
	Statement, Lines, Charges decimal.Decimal
	Agrees                    bool // in exact totals too
}

// Verification is what a Verifier found.
type Verification struct {
	Documents   int                  `json:"documents"` // looked at
	Runs        int                  `json:"runs"`      // rated again from the log
	Differences []reports.Difference `json:"differences"`
}

// ErrNoDocument says that the books have no document of that number.
type ErrNoDocument struct{ Number string }

func (e ErrNoDocument) Error() string {
	return fmt.Sprintf("no document %q was issued; numbers are on the documents and in the table documents", e.Number)
}

// Verify recomputes documents from the log, up to the cut-off and under the
// tariff that they were issued with, and names every difference. Without numbers it
// looks at all there are, and at the books as a whole.
func (v *Verifier) Verify(ctx context.Context, numbers ...string) (*Verification, error) {
	entries, err := v.Books.Entries(ctx)
	if err != nil {
		return nil, err
	}
	found, err := v.Books.Audit(ctx, entries)
	if err != nil {
		return nil, err
	}
	chosen := entries
	if len(numbers) > 0 {
		if chosen, err = choose(entries, numbers); err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(d reports.Difference) bool { return !slices.Contains(numbers, d.Number) })
	}
	result := &Verification{Documents: len(chosen), Differences: found}
	for i := range chosen {
		more, err := v.document(ctx, &chosen[i])
		if err != nil {
			return nil, err
		}
		result.Differences = append(result.Differences, more...)
	}
	if v.Analysts != nil {
		more, err := projectedDocuments(ctx, v.Analysts, chosen, len(numbers) == 0)
		if err != nil {
			return nil, err
		}
		result.Differences = append(result.Differences, more...)
	}
	runs := runsOf(chosen)
	invoiced := map[string]bool{} // by any run
	for i := range entries {
		if e := &entries[i]; e.Document.Type == reports.Invoice {
			invoiced[e.Month.String()+" "+e.Account] = true
		}
	}
	for _, run := range runs {
		run.invoiced = invoiced
		more, err := v.run(ctx, run, len(numbers) == 0)
		if err != nil {
			return nil, err
		}
		result.Runs++
		result.Differences = append(result.Differences, more...)
	}
	return result, nil
}

func choose(entries []books.Entry, numbers []string) ([]books.Entry, error) {
	var chosen []books.Entry
	for _, number := range numbers {
		i := slices.IndexFunc(entries, func(e books.Entry) bool { return e.Number == number })
		if i < 0 {
			return nil, ErrNoDocument{number}
		}
		chosen = append(chosen, entries[i])
	}
	return chosen, nil
}

// issuedRun is a run and the documents that came of it.
type issuedRun struct {
	reports.Run
	entries  []*books.Entry
	invoiced map[string]bool // "MONTH ACCOUNT" of all invoices there are
}

// runsOf groups documents by run, in order of appearance.
func runsOf(entries []books.Entry) []*issuedRun {
	byID := map[string]*issuedRun{}
	var runs []*issuedRun
	for i := range entries {
		e := &entries[i]
		r := byID[e.Run.ID]
		if r == nil {
			r = &issuedRun{Run: e.Run}
			byID[e.Run.ID] = r
			runs = append(runs, r)
		}
		r.entries = append(r.entries, e)
	}
	return runs
}

func difference(e *books.Entry, code reports.DifferenceCode, format string, args ...any) reports.Difference {
	return reports.Difference{Number: e.Number, Run: e.Run.ID, Month: e.Month.String(), Account: e.Account, Code: code, Problem: fmt.Sprintf(format, args...)}
}

// document checks a document by itself: it has its files, and its figures add up
// to those of its statement.
func (v *Verifier) document(ctx context.Context, e *books.Entry) ([]reports.Difference, error) {
	var found []reports.Difference
	for i := range Formats {
		format := &Formats[i]
		content, err := v.Books.File(ctx, e.Number, format.Name)
		if err != nil {
			return nil, err
		}
		if content != nil {
			continue
		}
		if _, err := format.bytes(&e.Document); !errors.Is(err, ubl.ErrNotExpressible) {
			found = append(found, difference(e, reports.FileMissing, "its %s was not drawn; run postage close --month %s again", format.Name, e.Month))
		}
	}
	d := &e.Document
	var net, tax decimal.Decimal
	for i := range d.Lines {
		net = net.Add(d.Lines[i].Billed)
	}
	for i := range d.Taxes {
		t := &d.Taxes[i]
		tax = tax.Add(t.Tax)
		if want := rating.RoundBilled(t.Base.Mul(t.RatePercent).Shift(-2), d.Currency); !want.Equal(t.Tax) || !t.Base.Equal(d.Net) {
			found = append(found, difference(e, reports.AmountsDiffer, "tax %s at %s %% on %s should be %s on %s", t.Tax, t.RatePercent, t.Base, want, d.Net))
		}
	}
	if !net.Equal(d.Net) || !tax.Equal(d.Tax) || !net.Add(tax).Equal(d.Gross) {
		found = append(found, difference(e, reports.AmountsDiffer, "net %s, tax %s, gross %s: its lines add up to %s, its taxes to %s", d.Net, d.Tax, d.Gross, net, tax))
	}
	if e.Statement != nil && d.Type == reports.Invoice && !d.Net.Equal(e.Statement.Billed) {
		found = append(found, difference(e, reports.AmountsDiffer, "net %s, its statement says %s", d.Net, e.Statement.Billed))
	}
	return found, nil
}

// run rates the month of a run again, up to its cut-off and under its tariff, and
// compares the statements behind its documents, here and in ClickHouse.
func (v *Verifier) run(ctx context.Context, run *issuedRun, whole bool) ([]reports.Difference, error) {
	about := func(code reports.DifferenceCode, format string, args ...any) reports.Difference {
		return reports.Difference{Run: run.ID, Month: run.Month.String(), Code: code, Problem: fmt.Sprintf(format, args...)}
	}
	var found []reports.Difference
	faults, err := v.LogFaults(ctx, run.Cutoff)
	if err != nil {
		return nil, err
	}
	for _, fault := range faults {
		found = append(found, about(reports.LogIncomplete, "%s", fault))
	}
	content, err := v.Books.Tariff(ctx, run.Tariff)
	if err != nil {
		return append(found, about(reports.VerificationFailure, "%v", err)), nil
	}
	tariff, err := v.Thaw(content)
	switch {
	case err != nil:
		return append(found, about(reports.ContentAltered, "the tariff kept for it cannot be read: %v", err)), nil
	case tariff.Rows.Version != run.Tariff:
		return append(found, about(reports.ContentAltered, "the tariff kept for it was altered: its hash is %.19s, frozen was %.19s", tariff.Rows.Version, run.Tariff)), nil
	}
	o := monthOptions{Accounts: run.Accounts}
	if !whole {
		o.Accounts = nil
		for _, e := range run.entries {
			o.Accounts = append(o.Accounts, e.Account)
		}
	}
	v.Logger.Info("rating again", "month", run.Month, "run", run.ID)
	again, err := rateMonth(ctx, v.Log, tariff, run.Run, o)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", run.ID, err)
	}
	projected, err := v.Projected(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	if len(projected) == 0 {
		found = append(found, about(reports.ProjectionMissing, "ClickHouse does not have it; run postage close --month %s again", run.Month))
	}
	due := again.Statements
	if run.Kind == reports.AdjustmentRun {
		if due, err = v.restated(ctx, run, tariff, due); err != nil {
			return append(found, about(reports.VerificationFailure, "what was issued before it cannot be read: %v", err)), nil
		}
	}
	return append(found, run.compare(due, projected, whole)...), nil
}

// restated is what the accounts of a run of adjustments owed then, by what re-rating
// says and by what had been issued before.
func (v *Verifier) restated(ctx context.Context, run *issuedRun, tariff *rating.Tariff, rated []rating.Statement) ([]rating.Statement, error) {
	before, corrects, err := v.Books.Before(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	due, _ := reports.Restated(tariff, rated, before, run.Month, !corrects)
	return due, nil
}

// compare looks at each statement behind a document, and with whole at accounts that
// should have had one. due is what the log says that they owe.
func (run *issuedRun) compare(due []rating.Statement, projected map[string]ProjectedTotal, whole bool) []reports.Difference {
	now := map[string]*rating.Statement{}
	for i := range due {
		now[due[i].Account] = &due[i]
	}
	var found []reports.Difference
	for _, e := range run.entries {
		if e.Statement == nil {
			continue // altered beyond reading, which Audit has said
		}
		for _, d := range differences(e.Statement, now[e.Account]) {
			found = append(found, difference(e, reports.StatementDiffers, "%s", d))
		}
		// The rows of a run are the statements as rated; an empty one has none.
		rated := reports.Own(e.Statement)
		p, ok := projected[e.Account]
		if empty := len(rated.Lines) == 0 && rated.Counts.Messages == 0; len(projected) > 0 && (ok == empty || ok && (!p.Agrees || !p.Statement.Equal(rated.Billed))) {
			found = append(found, difference(e, reports.ProjectionDiffers, "in ClickHouse statement %s, lines %s, charges %s; issued was %s", p.Statement, p.Lines, p.Charges, rated.Billed))
		}
	}
	if !whole || run.Kind != reports.FinalRun {
		return found
	}
	for i := range due {
		if s := &due[i]; len(s.Lines) > 0 && !run.invoiced[run.Month.String()+" "+s.Account] {
			found = append(found, reports.Difference{
				Run: run.ID, Month: run.Month.String(), Account: s.Account, Code: reports.StatementDiffers,
				Problem: fmt.Sprintf("the log has %s %s to bill, and no document was issued", s.Currency, s.Billed),
			})
		}
	}
	return found
}

// differences says in words how two statements differ: lines first, then totals. now
// is nil where the log has nothing for the account.
func differences(issued, now *rating.Statement) []string {
	if now == nil {
		now = &rating.Statement{Currency: issued.Currency}
	}
	var found []string
	before, after := sumLines(issued.Lines), sumLines(now.Lines)
	names := slices.AppendSeq(slices.Collect(maps.Keys(before)), maps.Keys(after))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if was, is := before[name], after[name]; !was.equal(is) {
			found = append(found, fmt.Sprintf("line %s: issued %s, the log gives %s", name, was, is))
		}
	}
	for _, total := range []struct {
		what    string
		was, is any
	}{
		{"currency", issued.Currency, now.Currency},
		{"billed total", issued.Billed.String(), now.Billed.String()},
		{"exact total", issued.Exact.String(), now.Exact.String()},
		{"counts of messages", issued.Counts, now.Counts},
		{"cost", fmt.Sprint(issued.Costs), fmt.Sprint(now.Costs)},
		{"unrated", fmt.Sprint(issued.Unrated), fmt.Sprint(now.Unrated)},
	} {
		if total.was != total.is {
			found = append(found, fmt.Sprintf("%s: issued %v, the log gives %v", total.what, total.was, total.is))
		}
	}
	if was, is := *issued, *now; len(found) == 0 {
		was.Lines, is.Lines = nil, nil
		if fmt.Sprint(was) != fmt.Sprint(is) {
			found = append(found, "name, package or tariff")
		}
	}
	return found
}

// lineSum is the lines of one name, added up.
type lineSum struct {
	lines, quantity int64
	exact, billed   decimal.Decimal
}

func (s lineSum) equal(o lineSum) bool {
	return s.lines == o.lines && s.quantity == o.quantity && s.exact.Equal(o.exact) && s.billed.Equal(o.billed)
}

func (s lineSum) String() string {
	if s.lines == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%d for %s (exact %s)", s.quantity, s.billed, s.exact)
}

func lineName(l *rating.Line) string {
	parts := []string{string(l.Kind), l.Regime, l.Market, l.Category, l.Reason}
	if l.Tier > 0 {
		parts = append(parts, fmt.Sprintf("tier %d", l.Tier))
	}
	parts = append(parts, l.Detail, l.PriceRow, "at "+l.UnitPrice.String())
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// sumLines adds up lines by name.
func sumLines(lines []rating.Line) map[string]lineSum {
	sums := map[string]lineSum{}
	for i := range lines {
		l, name := &lines[i], lineName(&lines[i])
		s := sums[name]
		sums[name] = lineSum{s.lines + 1, s.quantity + l.Quantity, s.exact.Add(l.Exact), s.billed.Add(l.Billed)}
	}
	return sums
}
