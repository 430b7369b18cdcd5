package tariff

import "postage/rating"

// references checks every name that one file uses and another defines.
func (c *checker) references() {
	accounts, senders := c.namesOf("accounts.csv"), c.namesOf("senders.csv")
	packages, lists := c.namesOf("packages.csv"), c.namesOf("prices.csv")
	sellers, markets := c.namesOf("sellers.csv"), c.namesOf("markets.csv")
	for _, r := range c.rows.Accounts {
		accounts.add(r.Account)
	}
	for _, r := range c.rows.Senders {
		senders.add(r.Sender)
	}
	for _, r := range c.rows.Packages {
		packages.add(r.Package)
	}
	for _, r := range c.rows.Prices {
		lists.add(r.PriceList)
	}
	for _, r := range c.rows.Sellers {
		sellers.add(r.Seller)
	}
	sellers.all = sellers.all || len(c.rows.Sellers) == 0 // without the file, names are the reader's own
	for _, r := range c.rows.Markets {
		markets.add(r.Market)
	}

	for _, r := range c.rows.Accounts {
		if r.Package == "" {
			c.fault(r.Row, "package", "", "empty, so nothing the account sends can be priced", "write a package of packages.csv")
		}
		c.refer(r.Row, "package", r.Package, packages)
		c.refer(r.Row, "seller", r.Seller, sellers)
	}
	for _, r := range c.rows.Senders {
		c.refer(r.Row, "account", r.Account, accounts)
	}
	for _, r := range c.rows.Packages {
		c.refer(r.Row, "price_list", r.PriceList, lists)
		c.refer(r.Row, "cost_list", r.CostList, lists)
	}
	for _, r := range c.rows.Prices {
		c.referMarket(r.Row, r.Market, markets)
	}
	for _, r := range c.rows.Regimes {
		c.referAccount(r.Row, r.Account, accounts)
	}
	for _, r := range c.rows.Settings {
		c.referAccount(r.Row, r.Account, accounts)
	}
	for _, r := range c.rows.Adjustments {
		c.refer(r.Row, "account", r.Account, accounts)
	}
	for _, r := range c.rows.Openings {
		c.refer(r.Row, "account", r.Account, accounts)
		c.refer(r.Row, "sender", r.Sender, senders)
		c.referMarket(r.Row, r.Market, markets)
	}
}

func (c *checker) referAccount(at rating.Row, account string, accounts *names) {
	if account != "*" {
		c.refer(at, "account", account, accounts)
	}
}

// referMarket accepts a market, a country and "*".
func (c *checker) referMarket(at rating.Row, market string, markets *names) {
	if market == "" || market == "*" || markets.all || markets.known[market] || isCountry(market) {
		return
	}
	c.fault(at, "market", market, "neither in markets.csv nor a country",
		suggest(market, markets.order, "add it to markets.csv, or write a country such as GB, or *"))
}

// openings checks that a counter names what it counts.
func (c *checker) openings() {
	for _, r := range c.rows.Openings {
		switch {
		case r.Counter == "free_tier" && r.Sender == "":
			c.fault(r.Row, "sender", "", "empty, but free tiers are counted by sender", "write the sender")
		case r.Counter == "volume" && r.Market == "":
			c.fault(r.Row, "market", "", "empty, but volume is counted by market", "write the market")
		case r.Counter == "volume" && r.Category == "":
			c.fault(r.Row, "category", "", "empty, but volume is counted by category", "write the category")
		}
	}
}
