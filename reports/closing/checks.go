package closing

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"postage/rating"
	"postage/reports"
	"postage/reports/ubl"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// check lists what a reviewer should look at first, blocking exceptions before
// warnings, then by account.
func (c *Closer) check(ctx context.Context, p *proposal) ([]reports.Exception, error) {
	found := slices.Concat(c.logFaults(), c.notOver(p), p.exceptions)
	statements := p.Statements
	if p.issue.Based != nil { // the others stand as they were issued
		statements = p.firstInvoiced()
	}
	for i := range statements {
		found = append(found, c.checkStatement(&statements[i])...)
	}
	if p.Suspense > 0 {
		found = append(found, warning("suspense", "", fmt.Sprintf("%s sent by numbers that are in no account are on no statement", messages(p.Suspense)),
			"add their rows to senders.csv; the messages then come as adjustments"))
	}
	if p.rows != nil {
		alarms, err := c.Runs.Alarms(ctx, p.Run.ID)
		if err != nil {
			return nil, err
		}
		found = append(found, alarming(alarms)...)
	}
	if p.issue.Based == nil && p.rows != nil { // adjustments have been compared already
		before, err := c.Books.Statements(ctx, previous(p.Run.Month))
		if err != nil {
			return nil, err
		}
		if len(before) > 0 {
			found = append(found, c.compare(p, before)...)
		}
		found = append(found, c.missingFiles(p)...)
		moved, err := c.movedAtBorder(ctx, p)
		if err != nil {
			return nil, err
		}
		found = append(found, moved...)
	}
	if len(p.tariff.Rows.Sellers) > 0 && len(p.tariff.Rows.Taxes) > 0 { // else no document has one, which missingFiles has said
		found = append(found, p.noEInvoice()...)
	}
	slices.SortStableFunc(found, func(a, b reports.Exception) int {
		return cmp.Or(strings.Compare(string(a.Severity), string(b.Severity)), strings.Compare(a.Account, b.Account))
	})
	return found, nil
}

// firstInvoiced are the statements for which an invoice is proposed.
func (p *proposal) firstInvoiced() []rating.Statement {
	invoiced := map[string]bool{}
	for _, d := range p.issue.Documents {
		if d.Document.Type == reports.Invoice {
			invoiced[d.Document.Customer.ID] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(p.issue.Statements), func(s rating.Statement) bool { return !invoiced[s.Account] })
}

func warning(code, account, problem, fix string) reports.Exception {
	return reports.Exception{Severity: reports.Warning, Code: code, Account: account, Problem: problem, Fix: fix}
}

func blocking(code, account, problem, fix string) reports.Exception {
	return reports.Exception{Severity: reports.Blocking, Code: code, Account: account, Problem: problem, Fix: fix}
}

func about(e reports.Exception, amount decimal.Decimal, currency string) reports.Exception {
	e.Amount, e.Currency = &amount, currency
	return e
}

// uncomposable lists what keeps the document of an account from being made: data of
// seller, tax or currency that is missing.
func uncomposable(account string, err error) []reports.Exception {
	gaps := reports.Gaps(err)
	if len(gaps) == 0 {
		return []reports.Exception{blocking("missing_data", account, err.Error(), "")}
	}
	var found []reports.Exception
	for _, g := range gaps {
		problem := g.Problem
		if g.At.File != "" {
			problem = g.At.String() + ": " + problem
		}
		found = append(found, blocking(string(g.Code), account, problem, g.Fix))
	}
	return found
}

// logFaults are what is known to be missing from the log.
func (c *Closer) logFaults() []reports.Exception {
	var found []reports.Exception
	for _, fault := range c.LogFaults {
		e := blocking("log_incomplete", "", "the log is not complete: "+fault, "or close all the same with --force: what comes later becomes an adjustment")
		if c.Force {
			e.Severity, e.Fix = reports.Warning, "closed all the same (--force): what comes later becomes an adjustment"
		}
		found = append(found, e)
	}
	return found
}

// notOver says that the month of a first close still goes on for one of its accounts.
func (c *Closer) notOver(p *proposal) []reports.Exception {
	m := p.Run.Month
	if p.issue.Based != nil || p.Run.Kind == reports.AdjustmentRun {
		return nil
	}
	var last string
	var end rating.Instant
	for _, account := range p.tariff.Accounts(m) {
		if c.Accounts != nil && !slices.Contains(c.Accounts, account) {
			continue
		}
		if until := p.tariff.BilledUntil(account, m); until > end {
			last, end = account, until
		}
	}
	if !c.Now.Before(end.Time()) {
		return nil
	}
	e := blocking("month_not_over", "", fmt.Sprintf("the month is not over: for %s it lasts until %s UTC", last, end.Time().Format("2006-01-02 15:04")),
		"close it then, or all the same with --force: what comes later becomes an adjustment")
	if c.Force {
		e.Severity, e.Fix = reports.Warning, "closed all the same (--force): what comes later becomes an adjustment"
	}
	return []reports.Exception{e}
}

// checkStatement looks at one statement by itself.
func (c *Closer) checkStatement(s *rating.Statement) []reports.Exception {
	var found []reports.Exception
	switch {
	case s.Billed.IsNegative():
		found = append(found, about(blocking("negative_total", s.Account, fmt.Sprintf("the total is negative: %s %s", s.Currency, s.Billed.StringFixed(s.Scale)),
			"an invoice cannot be negative: in adjustments.csv, move what is credited to a month with enough to bill, or split it over several"), s.Billed, s.Currency))
	case s.Billed.IsZero() && len(s.Lines) > 0:
		found = append(found, about(warning("zero_total", s.Account, "the total is zero", "see whether the package is the right one"), s.Billed, s.Currency))
	}
	for _, u := range s.Unrated {
		found = append(found, warning("unrated", s.Account, fmt.Sprintf("%s without a price (%s)", messages(u.Count), u.Reason), "needs "+u.Missing))
	}
	return found
}

// alarmWords say what a flag means and what to do.
var alarmWords = map[string][2]string{
	"window_evidence_missing": {"delivered free-form outside any window that the log shows, and taken as inside", "see whether customers' messages are missing from the log"},
	"carrier_disagrees":       {"that the carrier says it charges otherwise", "compare with the carrier's bill: v_messages.claim_* in SQL"},
	"duplicate_differs":       {"of which copies with different content arrived; the earliest counts", "find out which system sends them"},
	"account_disagrees":       {"whose events name another account than senders.csv", "correct senders.csv or the sending system"},
}

func alarming(alarms []reports.Alarm) []reports.Exception {
	var found []reports.Exception
	for _, a := range alarms {
		words, known := alarmWords[a.Flag]
		if !known {
			words = [2]string{"flagged " + a.Flag, "see v_messages.flags"}
		}
		found = append(found, warning(a.Flag, a.Account, messages(a.Messages)+" "+words[0], words[1]))
	}
	return found
}

// compare looks at the statements beside those of the month before.
func (c *Closer) compare(p *proposal, before []rating.Statement) []reports.Exception {
	var found []reports.Exception
	old := map[string]*rating.Statement{}
	for i := range before {
		old[before[i].Account] = &before[i]
	}
	for i := range p.Statements {
		now := &p.Statements[i]
		was := old[now.Account]
		delete(old, now.Account)
		switch {
		case was == nil:
			found = append(found, about(warning("new_account", now.Account, "was not billed in the month before", "check its terms in accounts.csv"), now.Billed, now.Currency))
		case was.Currency != now.Currency:
			found = append(found, about(warning("currency_changed", now.Account, fmt.Sprintf("billed in %s, the month before in %s", now.Currency, was.Currency), "check accounts.csv"), now.Billed, now.Currency))
		default:
			found = append(found, variance(p.tariff, was, now)...)
		}
	}
	for account, was := range old {
		if p.Run.Accounts == nil || slices.Contains(p.Run.Accounts, account) {
			found = append(found, about(warning("account_vanished", account, "was billed in the month before and now has nothing", "see whether its events arrive and its terms ended on purpose"), was.Billed, was.Currency))
		}
	}
	return found
}

// A difference to the month before is shown from these on, unless settings
// variance_percent and variance_minimum say otherwise.
var (
	defaultVariancePercent = decimal.NewFromInt(30)
	defaultVarianceMinimum = decimal.NewFromInt(100) // in the account's currency
)

func variance(t *rating.Tariff, was, now *rating.Statement) []reports.Exception {
	difference := now.Billed.Sub(was.Billed)
	percent := amountSetting(t, now, "variance_percent", defaultVariancePercent)
	if difference.Abs().LessThan(amountSetting(t, now, "variance_minimum", defaultVarianceMinimum)) ||
		difference.Abs().Mul(decimal.NewFromInt(100)).LessThan(was.Billed.Abs().Mul(percent)) {
		return nil
	}
	change := "from nothing"
	if !was.Billed.IsZero() {
		change = fmt.Sprintf("%+d %%", difference.Mul(decimal.NewFromInt(100)).Div(was.Billed.Abs()).Round(0).IntPart())
	}
	return []reports.Exception{about(warning("variance", now.Account,
		fmt.Sprintf("%s %s after %s in the month before (%s)", now.Currency, now.Billed.StringFixed(now.Scale), was.Billed.StringFixed(was.Scale), change),
		"compare the two workbooks"), difference, now.Currency)}
}

// amountSetting reads a number of settings.csv that the tariff's reader has checked.
func amountSetting(t *rating.Tariff, s *rating.Statement, name string, otherwise decimal.Decimal) decimal.Decimal {
	row := t.SettingOn(s.Account, name, s.Month.Last())
	if row == nil {
		return otherwise
	}
	v, err := decimal.NewFromString(row.Value)
	if err != nil {
		return otherwise
	}
	return v
}

// missingFiles warns of documents that no tax authority would accept.
func (c *Closer) missingFiles(p *proposal) []reports.Exception {
	var found []reports.Exception
	if len(p.tariff.Rows.Sellers) == 0 {
		found = append(found, warning("no_seller", "", "the documents name no seller", "add sellers.csv to the tariff"))
	}
	if len(p.tariff.Rows.Taxes) == 0 {
		found = append(found, warning("no_tax", "", "no tax is charged", "add taxes.csv to the tariff"))
	}
	return found
}

// noEInvoice warns of documents that cannot be said as e-invoices: once for all that lack
// the same.
func (p *proposal) noEInvoice() []reports.Exception {
	lacking := map[string][]string{} // accounts
	for _, draft := range p.issue.Documents {
		if missing := strings.Join(ubl.Missing(draft.Document), "; "); missing != "" {
			lacking[missing] = append(lacking[missing], draft.Document.Customer.ID)
		}
	}
	var found []reports.Exception
	for _, missing := range slices.Sorted(maps.Keys(lacking)) {
		accounts, fix := lacking[missing], "fill that in before the documents are issued"
		if len(accounts) == 1 {
			found = append(found, warning("no_einvoice", accounts[0], "gets no e-invoice: its document lacks "+missing, fix))
			continue
		}
		const shown = 5
		names := strings.Join(accounts[:min(shown, len(accounts))], ", ")
		if len(accounts) > shown {
			names += ", ..."
		}
		found = append(found, warning("no_einvoice", "", fmt.Sprintf("%d accounts (%s) get no e-invoice: their documents lack %s", len(accounts), names, missing), fix))
	}
	return found
}

func messages(n int64) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
}
