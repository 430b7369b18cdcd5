package rating

// Event is one thing that happened to one message, as decoded from the wire.
// Two events are copies of one another when they have the same Identity.
// Strings are never interpreted here: an unknown value is kept as it came.
type Event struct {
	Type     EventType
	Kind     Kind
	Referral Referral
	Client   Client

	At          Instant // when it happened, not when it arrived
	MessageID   string  // "" only for consents
	Sender      string  // our customer's business number, + and 7 to 15 digits
	User        string  // their customer's number (for a group, the participant)
	Account     string  // optional: the sender's registration in the tariff wins
	UserCountry string  // optional ISO 3166-1 alpha-2
	Category    string  // marketing, utility, ...; under NBP one of the ten types
	Template    string  // template name
	Source      string  // consents only: link, sms, email, web_form, qr, inbound

	Claim Claim        // the carrier's own word; kept, compared, not billed on by default
	Error CarrierError // why it failed

	// Extra holds members this version does not know, and known members with
	// values it does not know, as one canonical JSON object (keys sorted, no
	// spaces); "" when there are none.
	Extra string
}

// Claim is the carrier's `pricing` object: whether and in which category it
// will bill, never how much.
type Claim struct {
	Billable Billable
	Model    string // NBP, CBP, PMP
	Type     string // regular, free_customer_service, free_entry_point, ...
	Category string // as the carrier spells it, e.g. authentication-international
}

func (c *Claim) isEmpty() bool {
	return c.Billable == BillableUnsaid && c.Model == "" && c.Type == "" && c.Category == ""
}

// CarrierError is the first error of a failed message.
type CarrierError struct {
	Code  int32
	Title string
}

// EventType says what happened. The numeric order is the order in which events
// of the same millisecond are taken (SEMANTICS, "Identity and merging").
type EventType uint8

// The event types, in tie order.
const (
	Received EventType = iota + 1
	ConsentGranted
	ConsentRevoked
	Sent
	Delivered
	Read
	Failed
)

var eventTypeNames = [...]string{"", "message.received", "consent.granted", "consent.revoked", "message.sent", "message.delivered", "message.read", "message.failed"}

func (t EventType) String() string { return eventTypeNames[t] }

// IsConsent says whether the event is about consent rather than a message.
func (t EventType) IsConsent() bool { return t == ConsentGranted || t == ConsentRevoked }

// ParseEventType returns 0 for a type that is not one of ours.
func ParseEventType(s string) EventType { return parseName[EventType](eventTypeNames[:], s) }

// Kind says what sort of message it is. Webhook statuses do not say, so
// KindUnknown is common and SEMANTICS settles how it is treated.
type Kind uint8

// The kinds of message.
const (
	KindUnknown Kind = iota
	Template
	Freeform
	Reaction
	Call
	Echo // typed by hand in the business app
)

var kindNames = [...]string{"", "template", "freeform", "reaction", "call", "echo"}

func (k Kind) String() string { return kindNames[k] }

// ParseKind returns KindUnknown for "" and for any value it does not know.
func ParseKind(s string) Kind { return parseName[Kind](kindNames[:], s) }

// Referral says how the user arrived: the doors of a free entry point.
type Referral uint8

// The referrals. Any other value leaves ReferralNone and goes to Extra.
const (
	ReferralNone Referral = iota
	ReferralAd
	ReferralPageCTA
)

var referralNames = [...]string{"", "ad", "page_cta"}

func (r Referral) String() string { return referralNames[r] }

// ParseReferral returns ReferralNone for "" and for any value it does not know.
func ParseReferral(s string) Referral { return parseName[Referral](referralNames[:], s) }

// Client is the app the user wrote from.
type Client uint8

// The clients. Any other value leaves ClientUnknown and goes to Extra.
const (
	ClientUnknown Client = iota
	ClientAndroid
	ClientIOS
	ClientWeb
	ClientDesktop
)

var clientNames = [...]string{"", "android", "ios", "web", "desktop"}

func (c Client) String() string { return clientNames[c] }

// ParseClient returns ClientUnknown for "" and for any value it does not know.
func ParseClient(s string) Client { return parseName[Client](clientNames[:], s) }

// Billable is the carrier's yes or no, or silence.
type Billable uint8

// The three answers.
const (
	BillableUnsaid Billable = iota
	BillableNo
	BillableYes
)

func parseName[T ~uint8](names []string, s string) T {
	for i, n := range names {
		if n == s {
			return T(i)
		}
	}
	return 0
}
