package clickhouse

import (
	"context"
	"fmt"
	"iter"
	"postage/rating"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Charges implements reports.RunStore. A message has what the table `charges` keeps of it;
// its Rate has no list price. Equal prices of one row share a Rate.
func (s *Store) Charges(ctx context.Context, runID string) iter.Seq2[*rating.Message, error] {
	return func(yield func(*rating.Message, error) bool) {
		err := s.stream(ctx, "charges", named{"run": runID}, func(rows driver.Rows) (stopped bool, err error) { return eachCharge(rows, yield) })
		if err != nil {
			yield(nil, fmt.Errorf("charges of run %s: %w", runID, err))
		}
	}
}

// rateWords are what tells the rates of a run apart; the price in words, because equal
// decimals may differ.
type rateWords struct {
	row, list, currency, price string
	from                       int64
	tier                       int
}

func eachCharge(rows driver.Rows, yield func(*rating.Message, error) bool) (stopped bool, err error) {
	var (
		m                            rating.Message
		rate                         rating.Rate
		month, class, regime, reason string
		tier                         uint32
	)
	words, rates := interner{}, map[rateWords]*rating.Rate{}
	for rows.Next() {
		err := rows.Scan(&m.Account, &month, &m.MessageID, &m.Sender, &m.User, (*int64)(&m.SentAt), (*int64)(&m.DeliveredAt),
			&class, &regime, &reason, &m.Market, &m.Category, &tier, &m.Position, &rate.FromVolume, &rate.PriceRow, &rate.PriceList, &rate.UnitPrice, &rate.Currency)
		if err != nil {
			return false, err
		}
		if m.Month, err = rating.ParseMonth(month); err != nil {
			return false, err
		}
		m.Class, m.Regime, m.Reason = rating.ParseClass(class), rating.ParseRegime(regime), rating.ParseReason(reason)
		m.Outcome, m.Tier = rating.Charged, int(tier)
		for _, word := range [...]*string{&m.Account, &m.Sender, &m.Market, &m.Category} {
			words.one(word)
		}
		key := rateWords{rate.PriceRow, rate.PriceList, rate.Currency, rate.UnitPrice.String(), rate.FromVolume, m.Tier}
		m.Rate = rates[key]
		if m.Rate == nil {
			one := rate
			one.Tier = m.Tier
			m.Rate, rates[key] = &one, &one
		}
		if !yield(&m, nil) {
			return true, nil
		}
	}
	return false, rows.Err()
}
