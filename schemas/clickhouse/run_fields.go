package clickhouse

import (
	"encoding/json"
	"postage/rating"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// The fields of a run's tables. Every row begins with the run and the attempt.

func messageColumns(run string, attempt uuid.UUID) []blockColumn[rating.Message] {
	type row = rating.Message
	return []blockColumn[row]{
		blockWord("run", func(*row) string { return run }),
		blockID("attempt", func(*row) uuid.UUID { return attempt }),
		blockWord("account", func(m *row) string { return m.Account }),
		blockInstant("sent_at", func(m *row) rating.Instant { return m.SentAt }),
		blockText("message_id", func(m *row) string { return m.MessageID }),
		blockWord("sender", func(m *row) string { return m.Sender }),
		blockText("user", func(m *row) string { return m.User }),
		blockWord("user_country", func(m *row) string { return m.UserCountry }),
		blockWord("template", func(m *row) string { return m.Template }),
		blockCode("kind", kinds, rating.Kind.String, func(m *row) rating.Kind { return m.Kind }),
		blockMaybeInstant("delivered_at", func(m *row) rating.Instant { return m.DeliveredAt }),
		blockSlice("failed", new(proto.ColBool), "", func(m *row) bool { return m.Failed }),
		blockCode("regime", regimes, rating.Regime.String, func(m *row) rating.Regime { return m.Regime }),
		blockCode("class", classes, rating.Class.String, func(m *row) rating.Class { return m.Class }),
		blockCode("outcome", outcomes, rating.Outcome.String, func(m *row) rating.Outcome { return m.Outcome }),
		blockCode("reason", reasons, rating.Reason.String, func(m *row) rating.Reason { return m.Reason }),
		blockFlags("flags", func(m *row) rating.Flags { return m.Flags }),
		blockWord("category", func(m *row) string { return m.Category }),
		blockWord("market", func(m *row) string { return m.Market }),
		blockMonth("month", func(m *row) rating.Month { return m.Month }),
		blockMaybeInstant("window_from", func(m *row) rating.Instant { return m.Window }),
		blockSlice("claim_billable", new(proto.ColUInt8), billableType, func(m *row) uint8 { return uint8(m.Claim.Billable) }),
		blockWord("claim_model", func(m *row) string { return m.Claim.Model }),
		blockWord("claim_type", func(m *row) string { return m.Claim.Type }),
		blockWord("claim_category", func(m *row) string { return m.Claim.Category }),
		blockSlice("error_code", new(proto.ColInt32), "", func(m *row) int32 { return m.Error.Code }),
		blockWord("error_title", func(m *row) string { return m.Error.Title }),
		blockSlice("tier", new(proto.ColUInt32), "", func(m *row) uint32 { return uint32(m.Tier) }),
		blockWord("price_row", func(m *row) string { return priceRow(&m.Verdict) }),
		blockSlice("position", new(proto.ColInt64), "", func(m *row) int64 { return m.Position }),
		blockCode("cost_regime", regimes, rating.Regime.String, func(m *row) rating.Regime { return m.Cost.Regime }),
		blockCode("cost_outcome", outcomes, rating.Outcome.String, func(m *row) rating.Outcome { return m.Cost.Outcome }),
		blockCode("cost_reason", reasons, rating.Reason.String, func(m *row) rating.Reason { return m.Cost.Reason }),
		blockWord("cost_category", func(m *row) string { return m.Cost.Category }),
		blockSlice("cost_tier", new(proto.ColUInt32), "", func(m *row) uint32 { return uint32(m.Cost.Tier) }),
		blockSlice("cost_position", new(proto.ColInt64), "", func(m *row) int64 { return m.Cost.Position }),
		blockWord("cost_price_row", func(m *row) string { return priceRow(&m.Cost) }),
		blockMaybePrice("unit_cost", func(m *row) *rating.Rate { return m.Cost.Rate }),
		blockWord("cost_currency", func(m *row) string {
			if m.Cost.Rate == nil {
				return ""
			}
			return m.Cost.Rate.Currency
		}),
	}
}

// How many values the enumerations have, the zero value included.
const (
	kinds    = int(rating.Echo) + 1
	regimes  = int(rating.PMP2) + 1
	classes  = int(rating.Notification) + 1
	outcomes = int(rating.Unrated) + 1
	reasons  = int(rating.NoPrice) + 1
)

// billableType is the type of claim_billable in the tables.
const billableType = "Enum8('unsaid' = 0, 'no' = 1, 'yes' = 2)"

// priceRow is the row of the tariff that a verdict points at, "" when nothing is charged.
func priceRow(v *rating.Verdict) string {
	if v.Rate == nil {
		return ""
	}
	return v.Rate.PriceRow
}

// chargeColumns take charged messages, whose Rate is never nil.
func chargeColumns(run string, attempt uuid.UUID) []blockColumn[rating.Message] {
	type row = rating.Message
	rate := func(m *row) *rating.Rate { return m.Rate }
	return []blockColumn[row]{
		blockWord("run", func(*row) string { return run }),
		blockID("attempt", func(*row) uuid.UUID { return attempt }),
		blockWord("account", func(m *row) string { return m.Account }),
		blockMonth("month", func(m *row) rating.Month { return m.Month }),
		blockText("message_id", func(m *row) string { return m.MessageID }),
		blockWord("sender", func(m *row) string { return m.Sender }),
		blockText("user", func(m *row) string { return m.User }),
		blockInstant("delivered_at", func(m *row) rating.Instant { return m.DeliveredAt }),
		blockInstant("sent_at", func(m *row) rating.Instant { return m.SentAt }),
		blockCode("class", classes, rating.Class.String, func(m *row) rating.Class { return m.Class }),
		blockCode("regime", regimes, rating.Regime.String, func(m *row) rating.Regime { return m.Regime }),
		blockWord("market", func(m *row) string { return m.Market }),
		blockWord("category", (*row).BilledCategory),
		blockWord("own_category", func(m *row) string { return m.Category }),
		blockCode("reason", reasons, rating.Reason.String, func(m *row) rating.Reason { return m.Reason }),
		blockSlice("tier", new(proto.ColUInt32), "", func(m *row) uint32 { return uint32(m.Tier) }),
		blockSlice("from_volume", new(proto.ColInt64), "", func(m *row) int64 { return m.Rate.FromVolume }),
		blockWord("price_row", func(m *row) string { return m.Rate.PriceRow }),
		blockWord("price_list", func(m *row) string { return m.Rate.PriceList }),
		blockPrice("unit_price", rate),
		blockPrice("price", rate),
		blockWord("currency", func(m *row) string { return m.Rate.Currency }),
		blockSlice("position", new(proto.ColInt64), "", func(m *row) int64 { return m.Position }),
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
