package rating

// rules is one regime: what does a delivered message cost, given what was open
// at the time? The caller has already dealt with what is the same under every
// regime: reactions, unknown senders, undelivered and late messages, free-form
// outside the window, and unknown categories.
//
// judge is called in order of delivery, ties by message id, and may open
// conversation sessions. It sets outcome and reason and may change the category.
type rules interface {
	judge(c *conversation, f *facts)
}

var rulesOf = [...]rules{NBP: nbp{}, CBP1: cbp1{}, CBP2: cbp2{}, CBP3: cbp2{serviceFree: true}, PMP1: pmp1{}, PMP2: pmp2{}}

func (f *facts) charge(r Reason) { f.Outcome, f.Reason = Charged, r }
func (f *facts) free(r Reason)   { f.Outcome, f.Reason = Free, r }

// byConversation says whether the regime bills conversation sessions.
func (r Regime) byConversation() bool { return CBP1 <= r && r <= CBP3 }

// needsCategory says whether the category of a template decides its price:
// before 2023-06 a notification was a notification.
func (r Regime) needsCategory() bool { return r >= CBP2 }

// freeByEntryPoint settles a message that opens a free entry point or falls
// inside one. Under the conversation regimes opening one closes every open
// session, and its category is the conversation's.
func freeByEntryPoint(c *conversation, f *facts) bool {
	switch {
	case f.opens:
		f.free(OpensFreeEntryPoint)
		if f.Regime.byConversation() {
			c.sessions = c.sessions[:0]
		}
	case c.inEntryPoint(f.lookupAt()):
		f.free(InFreeEntryPoint)
	default:
		return false
	}
	if f.Regime.byConversation() {
		f.Category = referralConversion
	}
	return true
}

const (
	service            = "service"
	utility            = "utility"
	userInitiated      = "user_initiated"
	businessInitiated  = "business_initiated"
	referralConversion = "referral_conversion"
	notificationGroup  = "notification" // any of the ten NBP types
)
