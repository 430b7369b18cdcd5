package tariff

import (
	"fmt"
	"postage/rating"
)

// repetitions checks that nothing is said twice, or twice differently, in the
// files whose rows a key and a date tell apart.
func (c *checker) repetitions() {
	const fix = "delete one"
	c.prefixes()
	c.phoneNumberIDs()

	type dated struct {
		key string
		on  rating.Date
	}
	packages := once[dated]{}
	for _, r := range c.rows.Packages {
		packages.see(c, dated{r.Package, r.ValidFrom}, r.Row, "package", r.Package, "delete one, or give it a later valid_from")
	}
	regimes := once[dated]{}
	for _, r := range c.rows.Regimes {
		regimes.see(c, dated{r.Account, r.ValidFrom}, r.Row, "account", r.Account, fix)
	}
	settings := once[[2]dated]{}
	for _, r := range c.rows.Settings {
		settings.see(c, [2]dated{{r.Account, r.ValidFrom}, {key: r.Setting}}, r.Row, "setting", r.Setting, fix)
	}
	sellers := once[string]{}
	for _, r := range c.rows.Sellers {
		sellers.see(c, r.Seller, r.Row, "seller", r.Seller, fix)
	}
	taxes := once[[3]dated]{}
	for _, r := range c.rows.Taxes {
		key := [3]dated{{r.SellerCountry, r.ValidFrom}, {key: r.CustomerCountry}, {key: r.CustomerType}}
		taxes.see(c, key, r.Row, "customer_country", r.CustomerCountry, fix)
	}
	type counted struct{ account, sender, month, counter, market, category string }
	openings := once[counted]{}
	for _, r := range c.rows.Openings {
		key := counted{r.Account, r.Sender, r.Month.String(), r.Counter, r.Market, r.Category}
		openings.see(c, key, r.Row, "counter", r.Counter, "delete one, or write their sum")
	}
	ledger := once[[2]string]{}
	for _, r := range c.rows.GL {
		ledger.see(c, [2]string{r.Posting, r.Category}, r.Row, "posting", r.Posting, fix)
	}
	rates := once[[2]dated]{}
	for _, r := range c.rows.FX {
		if r.From == r.To {
			c.fault(r.Row, "to", r.To, "the same currency as from", "delete the line")
			continue
		}
		rates.see(c, [2]dated{{r.From, r.On}, {key: r.To}}, r.Row, "on", r.On.String(), fix)
	}
}

// prefixes checks that a number leads to one market on any day. Two countries
// may share a prefix when they share the market too (+1).
func (c *checker) prefixes() {
	type key struct {
		prefix string
		from   rating.Date
	}
	first := map[key]rating.MarketRow{}
	countries := once[[2]key]{}
	for _, r := range c.rows.Markets {
		k := key{r.Prefix, r.ValidFrom}
		f, again := first[k]
		switch {
		case !again:
			first[k] = r
		case f.Market != r.Market:
			c.fault(r.Row, "prefix", r.Prefix, fmt.Sprintf("line %d leads to %s from the same day", f.Line, f.Market), "delete one, or give it another valid_from")
			continue
		case f.Country == "" || r.Country == "":
			c.fault(r.Row, "prefix", r.Prefix, fmt.Sprintf("the same as line %d", f.Line), "delete one")
			continue
		}
		countries.see(c, [2]key{k, {prefix: r.Country}}, r.Row, "prefix", r.Prefix, "delete one")
	}
}

// phoneNumberIDs checks that the carrier's number for a sender leads to one.
func (c *checker) phoneNumberIDs() {
	first := map[string]rating.SenderRow{}
	for _, r := range c.rows.Senders {
		f, again := first[r.PhoneNumberID]
		switch {
		case r.PhoneNumberID == "":
		case !again:
			first[r.PhoneNumberID] = r
		case f.Sender != r.Sender:
			c.fault(r.Row, "phone_number_id", r.PhoneNumberID, fmt.Sprintf("line %d gives it to %s", f.Line, f.Sender), "write the sender's own")
		}
	}
}
