package clickhouse

import (
	"encoding/json"
	"postage/rating"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// The fields of a run's tables. Every row begins with the run and the attempt.

func messageFields(run string, attempt uuid.UUID) []field[rating.Message] {
	type row = rating.Message
	return []field[row]{
		word("run", func(*row) string { return run }),
		id("attempt", func(*row) uuid.UUID { return attempt }),
		word("account", func(m *row) string { return m.Account }),
		instant("sent_at", func(m *row) rating.Instant { return m.SentAt }),
		text("message_id", func(m *row) string { return m.MessageID }),
		word("sender", func(m *row) string { return m.Sender }),
		text("user", func(m *row) string { return m.User }),
		word("user_country", func(m *row) string { return m.UserCountry }),
		word("template", func(m *row) string { return m.Template }),
		word("kind", func(m *row) string { return m.Kind.String() }),
		maybeInstant("delivered_at", func(m *row) rating.Instant { return m.DeliveredAt }),
		slice("failed", func(m *row) bool { return m.Failed }),
		word("regime", func(m *row) string { return m.Regime.String() }),
		word("class", func(m *row) string { return m.Class.String() }),
		word("outcome", func(m *row) string { return m.Outcome.String() }),
		word("reason", func(m *row) string { return m.Reason.String() }),
		words("flags", func(m *row) []string { return m.Flags.Names() }),
		word("category", func(m *row) string { return m.Category }),
		word("market", func(m *row) string { return m.Market }),
		word("month", func(m *row) string { return m.Month.String() }),
		maybeInstant("window_from", func(m *row) rating.Instant { return m.Window }),
		enum("claim_billable", func(m *row) rating.Billable { return m.Claim.Billable }),
		word("claim_model", func(m *row) string { return m.Claim.Model }),
		word("claim_type", func(m *row) string { return m.Claim.Type }),
		word("claim_category", func(m *row) string { return m.Claim.Category }),
		number("error_code", func(m *row) int32 { return m.Error.Code }),
		word("error_title", func(m *row) string { return m.Error.Title }),
		number("tier", func(m *row) uint32 { return uint32(m.Tier) }),
		word("price_row", func(m *row) string { return priceRow(&m.Verdict) }),
		number("position", func(m *row) int64 { return m.Position }),
		word("cost_regime", func(m *row) string { return m.Cost.Regime.String() }),
		word("cost_outcome", func(m *row) string { return m.Cost.Outcome.String() }),
		word("cost_reason", func(m *row) string { return m.Cost.Reason.String() }),
		word("cost_category", func(m *row) string { return m.Cost.Category }),
		number("cost_tier", func(m *row) uint32 { return uint32(m.Cost.Tier) }),
		number("cost_position", func(m *row) int64 { return m.Cost.Position }),
		word("cost_price_row", func(m *row) string { return priceRow(&m.Cost) }),
		maybeAmount("unit_cost", func(m *row) *decimal.Decimal {
			if m.Cost.Rate == nil {
				return nil
			}
			return &m.Cost.Rate.UnitPrice
		}),
		word("cost_currency", func(m *row) string {
			if m.Cost.Rate == nil {
				return ""
			}
			return m.Cost.Rate.Currency
		}),
	}
}

// priceRow is the row of the tariff that a verdict points at, "" when nothing is charged.
func priceRow(v *rating.Verdict) string {
	if v.Rate == nil {
		return ""
	}
	return v.Rate.PriceRow
}

// chargeFields take charged messages, whose Rate is never nil.
func chargeFields(run string, attempt uuid.UUID) []field[rating.Message] {
	type row = rating.Message
	return []field[row]{
		word("run", func(*row) string { return run }),
		id("attempt", func(*row) uuid.UUID { return attempt }),
		word("account", func(m *row) string { return m.Account }),
		word("month", func(m *row) string { return m.Month.String() }),
		text("message_id", func(m *row) string { return m.MessageID }),
		word("sender", func(m *row) string { return m.Sender }),
		text("user", func(m *row) string { return m.User }),
		instant("delivered_at", func(m *row) rating.Instant { return m.DeliveredAt }),
		instant("sent_at", func(m *row) rating.Instant { return m.SentAt }),
		word("class", func(m *row) string { return m.Class.String() }),
		word("regime", func(m *row) string { return m.Regime.String() }),
		word("market", func(m *row) string { return m.Market }),
		word("category", (*row).BilledCategory),
		word("own_category", func(m *row) string { return m.Category }),
		word("reason", func(m *row) string { return m.Reason.String() }),
		number("tier", func(m *row) uint32 { return uint32(m.Tier) }),
		number("from_volume", func(m *row) int64 { return m.Rate.FromVolume }),
		word("price_row", func(m *row) string { return m.Rate.PriceRow }),
		word("price_list", func(m *row) string { return m.Rate.PriceList }),
		amount("unit_price", func(m *row) decimal.Decimal { return m.Rate.UnitPrice }),
		amount("price", func(m *row) decimal.Decimal { return m.Rate.UnitPrice }),
		word("currency", func(m *row) string { return m.Rate.Currency }),
		number("position", func(m *row) int64 { return m.Position }),
	}
}

// lineRow is a line with what identifies its statement.
type lineRow struct {
	rating.Line
	account, currency string
	month             rating.Month
	number            uint32 // from 1
}

func lineFields(run string, attempt uuid.UUID) []field[lineRow] {
	return []field[lineRow]{
		word("run", func(*lineRow) string { return run }),
		id("attempt", func(*lineRow) uuid.UUID { return attempt }),
		word("account", func(l *lineRow) string { return l.account }),
		word("month", func(l *lineRow) string { return l.month.String() }),
		number("line", func(l *lineRow) uint32 { return l.number }),
		word("kind", func(l *lineRow) string { return string(l.Kind) }),
		word("regime", func(l *lineRow) string { return l.Regime }),
		word("market", func(l *lineRow) string { return l.Market }),
		word("category", func(l *lineRow) string { return l.Category }),
		word("reason", func(l *lineRow) string { return l.Reason }),
		number("tier", func(l *lineRow) uint32 { return uint32(l.Tier) }),
		number("from_volume", func(l *lineRow) int64 { return l.From }),
		word("price_row", func(l *lineRow) string { return l.PriceRow }),
		text("detail", func(l *lineRow) string { return l.Detail }),
		number("quantity", func(l *lineRow) int64 { return l.Quantity }),
		amount("unit_price", func(l *lineRow) decimal.Decimal { return l.UnitPrice }),
		amount("exact", func(l *lineRow) decimal.Decimal { return l.Exact }),
		amount("billed", func(l *lineRow) decimal.Decimal { return l.Billed }),
		word("currency", func(l *lineRow) string { return l.currency }),
	}
}

// costRow is what the carrier bills for a statement, with what identifies the statement.
type costRow struct {
	rating.Cost
	account string
	month   rating.Month
}

func costFields(run string, attempt uuid.UUID) []field[costRow] {
	return []field[costRow]{
		word("run", func(*costRow) string { return run }),
		id("attempt", func(*costRow) uuid.UUID { return attempt }),
		word("account", func(c *costRow) string { return c.account }),
		word("month", func(c *costRow) string { return c.month.String() }),
		word("currency", func(c *costRow) string { return c.Currency }),
		number("messages", func(c *costRow) int64 { return c.Messages }),
		number("unrated", func(c *costRow) int64 { return c.Unrated }),
		amount("exact", func(c *costRow) decimal.Decimal { return c.Exact }),
	}
}

// statementRow is a statement without its lines and costs, which are rows of their own.
type statementRow struct {
	rating.Statement
	unrated string // JSON, "" when nothing is unrated
}

func newStatementRow(s *rating.Statement) (statementRow, error) {
	row := statementRow{Statement: *s}
	row.Lines, row.Costs = nil, nil
	if len(s.Unrated) > 0 {
		b, err := json.Marshal(s.Unrated)
		if err != nil {
			return statementRow{}, err
		}
		row.unrated = string(b)
	}
	return row, nil
}

func statementFields(run string, attempt uuid.UUID) []field[statementRow] {
	return []field[statementRow]{
		word("run", func(*statementRow) string { return run }),
		id("attempt", func(*statementRow) uuid.UUID { return attempt }),
		word("account", func(s *statementRow) string { return s.Account }),
		text("name", func(s *statementRow) string { return s.Name }),
		word("month", func(s *statementRow) string { return s.Month.String() }),
		word("package", func(s *statementRow) string { return s.Package }),
		word("currency", func(s *statementRow) string { return s.Currency }),
		number("minor_digits", func(s *statementRow) uint8 { return uint8(s.Scale) }),
		word("tariff", func(s *statementRow) string { return s.Tariff }),
		amount("exact_total", func(s *statementRow) decimal.Decimal { return s.Exact }),
		amount("billed_total", func(s *statementRow) decimal.Decimal { return s.Billed }),
		amount("rounding_residue", func(s *statementRow) decimal.Decimal { return s.Residue }),
		number("messages", func(s *statementRow) int64 { return s.Counts.Messages }),
		number("care_free", func(s *statementRow) int64 { return s.Counts.CareFree }),
		number("care_charged", func(s *statementRow) int64 { return s.Counts.CareCharged }),
		number("notification_free", func(s *statementRow) int64 { return s.Counts.NoticeFree }),
		number("notification_charged", func(s *statementRow) int64 { return s.Counts.NoticeCharged }),
		number("not_delivered", func(s *statementRow) int64 { return s.Counts.NotDelivered }),
		number("rejected", func(s *statementRow) int64 { return s.Counts.Rejected }),
		number("pending", func(s *statementRow) int64 { return s.Counts.Pending }),
		number("unrated", func(s *statementRow) int64 { return s.Counts.Unrated }),
		text("unrated_detail", func(s *statementRow) string { return s.unrated }),
	}
}
