package rating

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
)

// feeScale is how many decimals a fee prorated by day keeps.
const feeScale = 10

// packageSpan is a stretch of days of a month on one package row.
type packageSpan struct {
	account *AccountRow
	pack    *PackageRow
	days    int
}

// packageSpans walks the days of a month, local to the account, and returns the
// stretches on one package. Days without a package are in none.
func (t *Tariff) packageSpans(account string, m Month) []packageSpan {
	var spans []packageSpan
	for d := m.First(); d.Before(m.Next().First()); d = d.AddDays(1) {
		row := t.AccountOn(account, d)
		if row == nil {
			continue
		}
		pack := t.packageOn(row.Package, d)
		if pack == nil {
			continue
		}
		if n := len(spans); n > 0 && spans[n-1].pack == pack && spans[n-1].account == row {
			spans[n-1].days++
		} else {
			spans = append(spans, packageSpan{row, pack, 1})
		}
	}
	return spans
}

// fees returns the fee lines of an account for a month: the monthly fee of each
// package it was on and the fee of each sender, both by day.
func (t *Tariff) fees(account, currency string, m Month) ([]Line, error) {
	var lines []Line
	for _, span := range t.packageSpans(account, m) {
		if fee := span.pack.MonthlyFee; !fee.IsZero() {
			line, err := t.feeLine(MonthlyFeeLine, fee, span.days, span.pack, currency, m)
			if err != nil {
				return nil, err
			}
			line.Detail = fmt.Sprintf("%s, %s", span.pack.Package, dayShare(span.days, m))
			lines = append(lines, line)
		}
	}
	for _, s := range t.senderDays(account, m) {
		line, err := t.feeLine(SenderFeeLine, s.pack.SenderFee, s.days, s.pack, currency, m)
		if err != nil {
			return nil, err
		}
		line.Detail = fmt.Sprintf("%s, %s", s.sender, dayShare(s.days, m))
		lines = append(lines, line)
	}
	return lines, nil
}

func dayShare(days int, m Month) string { return fmt.Sprintf("%d of %d days", days, m.Days()) }

// feeLine is one fee in the account's currency for so many days of the month.
func (t *Tariff) feeLine(kind LineKind, fee decimal.Decimal, days int, pack *PackageRow, currency string, m Month) (Line, error) {
	inCurrency, ok := t.convert(fee, pack.Currency, currency, m)
	if !ok {
		return Line{}, fmt.Errorf("%s: no rate from %s to %s for %s in fx.csv; add the rate of %s", pack.Row, pack.Currency, currency, m, m.Last())
	}
	exact := inCurrency
	if days != m.Days() {
		exact = inCurrency.Mul(decimal.NewFromInt(int64(days))).DivRound(decimal.NewFromInt(int64(m.Days())), feeScale)
	}
	return Line{
		Kind: kind, PriceRow: pack.Row.String(), Quantity: 1, UnitPrice: exact,
		Exact: exact, Billed: RoundBilled(exact, currency),
	}, nil
}

type senderDays struct {
	sender string
	pack   *PackageRow
	days   int
}

// senderDays counts for each sender of an account the days of the month on each
// package with a sender fee.
func (t *Tariff) senderDays(account string, m Month) []senderDays {
	var out []senderDays
	for _, number := range t.sendersOf[account] {
		terms := t.senders[number]
		for d := m.First(); d.Before(m.Next().First()); d = d.AddDays(1) {
			row := t.AccountOn(account, d)
			if row == nil {
				continue
			}
			pack := t.packageOn(row.Package, d)
			if pack == nil || pack.SenderFee.IsZero() || !registeredOn(terms, account, d) {
				continue
			}
			if n := len(out); n > 0 && out[n-1].sender == number && out[n-1].pack == pack {
				out[n-1].days++
			} else {
				out = append(out, senderDays{number, pack, 1})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b senderDays) int { return cmp.Compare(a.sender, b.sender) })
	return out
}

// registeredOn says whether the sender's registration in force on a day is with
// the account.
func registeredOn(terms []*senderTerm, account string, on Date) bool {
	for _, s := range slices.Backward(terms) {
		if !on.Before(s.ValidFrom) && (s.ValidTo.IsZero() || on.Before(s.ValidTo)) {
			return s.Account == account
		}
	}
	return false
}

// minimumSpend is what the account promised to spend in the month, prorated by
// day over the packages it was on.
func (t *Tariff) minimumSpend(account, currency string, m Month) (decimal.Decimal, error) {
	var total decimal.Decimal
	for _, span := range t.packageSpans(account, m) {
		if span.pack.MinimumSpend.IsZero() {
			continue
		}
		line, err := t.feeLine(MinimumSpendLine, span.pack.MinimumSpend, span.days, span.pack, currency, m)
		if err != nil {
			return total, err
		}
		total = total.Add(line.Exact)
	}
	return total, nil
}

// adjustments are the account's own rows of adjustments.csv for a month: one-off
// services and goodwill, in the account's currency. A quantity with a fraction
// is billed as one unit of the whole amount.
func (t *Tariff) adjustments(account, currency string, m Month) []Line {
	var lines []Line
	for _, r := range t.Rows.Adjustments {
		if r.Account != account || r.Month != m {
			continue
		}
		exact := r.Quantity.Mul(r.UnitPrice)
		l := Line{
			Kind: AdjustmentLine, PriceRow: r.Row.String(), Detail: r.Description, Reason: r.Reason,
			Quantity: 1, UnitPrice: exact, Exact: exact, Billed: RoundBilled(exact, currency),
		}
		if r.Quantity.IsInteger() {
			l.Quantity, l.UnitPrice = r.Quantity.IntPart(), r.UnitPrice
		}
		lines = append(lines, l)
	}
	return lines
}
