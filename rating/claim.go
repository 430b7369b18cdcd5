package rating

import "strings"

// authority is the setting that says whose word decides: `rules` (the default)
// or `carrier`.
const (
	authoritySetting = "authority"
	authorityCarrier = "carrier"
)

// compareClaim flags a message of which the carrier says something else than our
// rules: billed or not, or another category. Where free tiers decide whether it
// is billed, either answer of the carrier agrees.
func (m *Message) compareClaim() {
	if m.DeliveredAt == 0 || m.Claim.isEmpty() || (m.Outcome != Charged && m.Outcome != Free) {
		return
	}
	switch m.Reason {
	case ServiceRegular, FreeServiceConversation, InOpenConversation, OpensConversation:
	default:
		if billed := m.Claim.billed(); billed != BillableUnsaid && (billed == BillableYes) != (m.Outcome == Charged) {
			m.Flags |= CarrierDisagrees
		}
	}
	if claimed := m.Claim.category(); claimed != "" && m.Regime.needsCategory() && claimed != referralConversion && m.Category != claimed {
		m.Flags |= CarrierDisagrees
	}
}

// billed is whether the carrier bills the message: its word, or without it (the
// carrier means to drop it) the type.
func (c *Claim) billed() Billable {
	switch {
	case c.Billable != BillableUnsaid:
		return c.Billable
	case c.Type == "regular":
		return BillableYes
	case strings.HasPrefix(c.Type, "free_"):
		return BillableNo
	default:
		return BillableUnsaid
	}
}

// category is the claimed category as the tariff spells it.
func (c *Claim) category() string { return strings.ReplaceAll(c.Category, "-", "_") }

// adoptClaims gives notifications the category that the carrier claims, where it
// decides, and says whether that is another one anywhere. Then the conversation must
// be judged again, as the category decides which session covers a message.
func (c *Classifier) adoptClaims() (changed bool) {
	adopts := func(f *facts) bool {
		claimed := f.Claim.category()
		return f.carrierDecides && f.DeliveredAt != 0 && f.Class == Notification &&
			claimed != "" && claimed != referralConversion && claimed != f.carrier.Category
	}
	for i := range c.facts {
		changed = changed || adopts(&c.facts[i])
	}
	if !changed {
		return false
	}
	for i := range c.facts {
		f := &c.facts[i]
		f.Verdict, f.opens = Verdict{Regime: f.Regime, Category: f.carrier.Category}, false
		if adopts(f) {
			f.Verdict.Category = f.Claim.category()
		}
	}
	return true
}

// applyAuthority lets the carrier's claim decide free or charged and the category
// of a delivered message, where the account has the setting authority=carrier.
// It touches the account's side only.
func (f *facts) applyAuthority() {
	m, claimed, billed := f.Message, f.Claim.category(), f.Claim.billed()
	judged := m.Outcome == Charged || m.Outcome == Free || m.Reason == UnknownCategory && claimed != "" && billed != BillableUnsaid
	if !f.carrierDecides || m.DeliveredAt == 0 || !judged {
		return
	}
	switch m.Reason {
	case BusinessAppMessage, ReactionNotBilled, DeliveredAfter30Days:
		return
	default:
	}
	if claimed != "" {
		m.Category = claimed
	}
	switch billed {
	case BillableYes:
		switch m.Reason {
		case InOpenConversation, FreeServiceConversation:
			// Said of every message of a conversation, which is billed once, and of
			// service while it was free (domain page, sections B and C).
		default:
			if m.Outcome != Charged {
				m.Outcome, m.Reason = Charged, chargedReason(m)
			}
		}
		if m.Reason == ServiceRegular {
			m.Flags |= freeTierUsed // the carrier has counted its free tier already
		}
	case BillableNo:
		if m.Outcome != Free {
			m.Outcome, m.Reason = Free, freeReason(m)
		}
	case BillableUnsaid:
	}
}

// freeTierUsed marks a message that must not draw down our copy of the carrier's
// free tier. It is not one of the documented flags.
const freeTierUsed Flags = 1 << 7

// chargedReason is why the carrier bills a message that our rules have as free.
func chargedReason(m *Message) Reason {
	switch {
	case m.Regime == NBP:
		return TemplateOutsideCareWindow
	case m.Regime.byConversation():
		return OpensConversation
	case m.Category == service:
		return ServiceRegular
	default:
		return TemplateRegular
	}
}

// freeReason is why the carrier does not bill a message that our rules charge.
func freeReason(m *Message) Reason {
	switch {
	case m.Claim.Type == "free_entry_point":
		return InFreeEntryPoint
	case m.Regime == NBP:
		return TemplateInCareWindow
	case m.Regime.byConversation():
		return InOpenConversation
	default:
		return FreeCustomerService
	}
}
