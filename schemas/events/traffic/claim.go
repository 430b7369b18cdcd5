package traffic

import "postage/rating"

// freeService is how many service messages a sender may deliver free in a month
// under PMP2.
const freeService = 1000

// claim is the carrier's pricing object for a message, such that the table in
// SEMANTICS ("Webhook bodies to events") gives back kind and category:
// a template names its own category, free-form names service. Where the table
// knows no way (free-form under NBP, anything inside a CBP1 window or a CBP
// entry point) the webhook leaves the kind unknown, as in life.
func (g *Generator) claim(m *message, t *talk, at rating.Instant, entry bool) rating.Claim {
	own := m.category
	inside := t.open(at)
	switch r := m.account.Regime(at); r {
	case rating.NBP:
		if m.kind == rating.Freeform {
			return rating.Claim{Model: "NBP", Billable: rating.BillableNo}
		}
		return rating.Claim{Model: "NBP", Billable: rating.BillableYes}
	case rating.CBP1, rating.CBP2, rating.CBP3:
		switch {
		case entry:
			return rating.Claim{Model: "CBP", Billable: rating.BillableNo, Category: "referral_conversion"}
		case r == rating.CBP1 && inside:
			own = "user_initiated"
		case r == rating.CBP1:
			own = "business_initiated"
		}
		return rating.Claim{Model: "CBP", Billable: rating.BillableYes, Category: own}
	default:
		c := rating.Claim{Model: "PMP", Type: "regular", Billable: rating.BillableYes, Category: own}
		switch {
		case entry:
			c.Type, c.Billable = "free_entry_point", rating.BillableNo
		case m.kind == rating.Freeform && (r == rating.PMP1 || m.account.senders[m.sender].service[m.account.period(at)] < freeService),
			r == rating.PMP1 && own == utility && inside:
			c.Type, c.Billable = "free_customer_service", rating.BillableNo
		}
		return c
	}
}
