package rating

import "github.com/shopspring/decimal"

// Message is one outbound message: assembled from its events, judged by the
// rules of its regime, and priced where it is charged. Classify fills everything
// but tiers and rates; a Pricer adds those and may turn charged into free (free
// tier, allowance) or unrated (no price).
type Message struct {
	MessageID   string
	Sender      string
	User        string
	UserCountry string
	Account     string // "" when the sender is unknown
	Template    string
	Kind        Kind
	SentAt      Instant // SEMANTICS, "Identity and merging"
	DeliveredAt Instant // zero while not delivered
	Failed      bool    // a failed status was seen; after a delivery it changes nothing

	Class  Class
	Flags  Flags
	Market string // the tariff's market, "" when unknown
	Month  Month  // billing month, of DeliveredAt in the account's timezone

	// What a Pricer needs stands together, above and here.
	sender  *senderTerm  // registration in force at SentAt, nil when there is none
	account *accountTerm // terms in force at SentAt, nil for an unknown sender
	country string       // the user's, for price rows by country

	Verdict         // what it costs the account
	Cost    Verdict // what the carrier bills us for it; zero without a cost list

	Window Instant // the inbound that opened the care window it was sent in, or zero
	Claim  Claim   // the carrier's word
	Error  CarrierError

	accountsDiffer bool // its events name different accounts
}

// Verdict is what a message costs on one side: the account's or the carrier's.
type Verdict struct {
	Regime   Regime
	Outcome  Outcome // zero: this side does not exist
	Reason   Reason
	Category string // own category; the conversation's under CBP1; NBP keeps the type
	Tier     int    // 1-based volume tier, 0 when not charged
	Position int64  // which unit of its volume counter it was, 1-based, 0 when not charged
	Rate     *Rate  // the price row charged, nil when not charged
}

// Price is what the message costs on this side, zero unless charged.
func (v *Verdict) Price() decimal.Decimal {
	if v.Rate == nil {
		return decimal.Decimal{}
	}
	return v.Rate.UnitPrice
}

// Class is the founding distinction: an answer or a notification.
type Class uint8

// The classes.
const (
	Care Class = iota + 1
	Notification
)

var classNames = [...]string{"", "care", "notification"}

func (c Class) String() string { return classNames[c] }

// ParseClass returns 0 for a name that is not a class.
func ParseClass(s string) Class { return parseName[Class](classNames[:], s) }

// Outcome is what a message costs the account, without the amount.
type Outcome uint8

// The outcomes.
const (
	Charged  Outcome = iota + 1
	Free             // never charged; Reason says why
	Rejected         // free-form outside the window: the carrier refused it
	Pending          // neither delivered nor failed yet
	Unrated          // stored, but no account, category, market, package or price fits
)

var outcomeNames = [...]string{"", "charged", "free", "rejected", "pending", "unrated"}

func (o Outcome) String() string { return outcomeNames[o] }

// Reason is the code that explains an outcome; Sentence documents each.
type Reason uint8

// The reason codes of SEMANTICS.
const (
	// charged
	TemplateOutsideCareWindow Reason = iota + 1
	TemplateRegular
	ServiceRegular
	OpensConversation
	// free
	FreeformInCareWindow
	TemplateInCareWindow
	FreeCustomerService
	FreeServiceConversation
	InOpenConversation
	OpensFreeEntryPoint
	InFreeEntryPoint
	FreeTier
	ServiceFreeTier
	Allowance
	NotDelivered
	DeliveredAfter30Days
	ReactionNotBilled
	BusinessAppMessage
	// rejected
	OutsideCareWindow
	// pending
	InFlight
	// unrated
	UnknownSender
	UnknownMarket
	UnknownCategory
	NoPackage
	NoPrice
)

var reasons = [...]struct{ code, sentence string }{
	{},
	{"template_outside_care_window", "A template sent when no customer message of the last 24 hours was open."},
	{"template_regular", "A delivered template that no free rule of its regime covers."},
	{"service_regular", "A service message beyond the sender's 1,000 free ones of the month."},
	{"opens_conversation", "The message whose delivery opened a 24-hour conversation session."},
	{"freeform_in_care_window", "A free-form answer within 24 hours of the customer's message."},
	{"template_in_care_window", "A template within 24 hours of the customer's message."},
	{"free_customer_service", "Customer service is free under this regime: free-form, or utility inside the window."},
	{"free_service_conversation", "Service conversations are free since November 2024."},
	{"in_open_conversation", "Covered by a conversation session that was already open at delivery."},
	{"opens_free_entry_point", "The first reply to a click on an advertisement or page button: it opens the free entry point."},
	{"in_free_entry_point", "Inside an open free entry point everything is free."},
	{"free_tier", "One of the first 1,000 free conversations of the month."},
	{"service_free_tier", "One of the sender's first 1,000 delivered service messages of the month."},
	{"allowance", "Covered by the units included in the package."},
	{"not_delivered", "It failed, or was not delivered within 30 days."},
	{"delivered_after_30_days", "Delivered more than 30 days after sending, which the carrier does not bill."},
	{"reaction_not_billed", "Reactions are never billed."},
	{"business_app_message", "Typed by hand in the business app, which is never billed."},
	{"outside_care_window", "A free-form message outside the 24-hour window: the carrier rejects it."},
	{"in_flight", "Sent, and neither delivered nor failed so far."},
	{"unknown_sender", "The sender is registered to no account of the tariff."},
	{"unknown_market", "No market of the tariff fits the user's country or number."},
	{"unknown_category", "Neither the webhook nor the sending system said what category it is."},
	{"no_package", "The account had no package when the message was sent."},
	{"no_price", "No price row fits; the tariff needs one."},
}

func (r Reason) String() string { return reasons[r].code }

// ParseReason returns 0 for what is not a reason code.
func ParseReason(code string) Reason {
	for i := range reasons {
		if reasons[i].code == code {
			return Reason(i)
		}
	}
	return 0
}

// Sentence explains the reason to a finance person.
func (r Reason) Sentence() string { return reasons[r].sentence }

// Flags are remarks beside the reason; they never change an outcome.
type Flags uint8

// The flags.
const (
	WindowEvidenceMissing Flags = 1 << iota // delivered outside any window our log shows
	AccountDisagrees                        // the event names another account than senders.csv
	CarrierDisagrees                        // the carrier's claim differs from our rules
	DuplicateDiffers                        // copies of one event had different content
)

var flagNames = [...]string{"window_evidence_missing", "account_disagrees", "carrier_disagrees", "duplicate_differs"}

// Names lists the set flags in a fixed order.
func (f Flags) Names() []string {
	var names []string
	for i, n := range flagNames {
		if f&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}
