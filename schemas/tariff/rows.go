package tariff

import "postage/rating"

// Each method reads one line of one file. A line with a fault in it still gives
// a row, so that what refers to it is not reported as well; the rows of such a
// tariff are never handed out.

func (r *reader) account(l *line) {
	r.rows.Accounts = append(r.rows.Accounts, rating.AccountRow{
		Row: l.Row, Account: l.name("account", false), Name: l.text("name"), Country: l.country("country", false),
		Timezone: l.timezone("timezone"), Currency: l.currency("currency"), Package: l.name("package", false),
		ValidFrom: l.date("valid_from"), ValidTo: l.date("valid_to"), Pool: l.name("pool", false), Seller: l.name("seller", false),
		CustomerType: l.oneOf("customer_type", "business", "reseller", "consumer"),
		TaxID:        l.text("tax_id"), VATNumber: l.text("vat_number"), PeppolID: l.text("peppol_id"), BuyerReference: l.text("buyer_reference"),
		Address: l.text("address"), Email: l.text("email"), PaymentTermsDays: int(l.count("payment_terms_days", 0)),
	})
}

func (r *reader) sender(l *line) {
	r.rows.Senders = append(r.rows.Senders, rating.SenderRow{
		Row: l.Row, Sender: l.number("sender"), Account: l.name("account", false), PhoneNumberID: l.name("phone_number_id", false),
		WABA: l.name("waba", false), Timezone: l.timezone("timezone"), ValidFrom: l.date("valid_from"), ValidTo: l.date("valid_to"),
	})
}

func (r *reader) market(l *line) {
	r.rows.Markets = append(r.rows.Markets, rating.MarketRow{
		Row: l.Row, Market: l.name("market", false), Prefix: l.prefix("prefix"), Country: l.country("country", false), ValidFrom: l.date("valid_from"),
	})
}

func (r *reader) price(l *line) {
	r.rows.Prices = append(r.rows.Prices, rating.PriceRow{
		Row: l.Row, PriceList: l.name("price_list", false), ValidFrom: l.date("valid_from"), Currency: l.currency("currency"),
		Origin: l.country("origin", true), Market: l.name("market", true), Category: l.category("category"),
		FromVolume: l.count("from_volume", 1), UnitPrice: l.decimal("unit_price", zeroOrMore),
	})
}

func (r *reader) pack(l *line) {
	r.rows.Packages = append(r.rows.Packages, rating.PackageRow{
		Row: l.Row, Package: l.name("package", false), ValidFrom: l.date("valid_from"), Currency: l.currency("currency"),
		PriceList: l.name("price_list", false), MonthlyFee: l.decimal("monthly_fee", zeroOrMore), SenderFee: l.decimal("sender_fee", zeroOrMore),
		IncludedUnits: l.count("included_units", 0), IncludedCategory: l.category("included_category"),
		MarkupPercent: l.percent("markup_percent"), MarkupFixed: l.decimal("markup_fixed", anyAmount),
		MinimumSpend: l.decimal("minimum_spend", zeroOrMore), TierMode: l.oneOf("tier_mode", "graduated", "all_units"),
		CareFee: l.decimal("care_fee", zeroOrMore), ReceivedFee: l.decimal("received_fee", zeroOrMore),
		FailedFee: l.decimal("failed_fee", zeroOrMore), CostList: l.name("cost_list", false),
	})
}

func (r *reader) regime(l *line) {
	r.rows.Regimes = append(r.rows.Regimes, rating.RegimeRow{
		Row: l.Row, Account: l.name("account", true), ValidFrom: l.date("valid_from"), Regime: l.regime("regime"),
	})
}

func (r *reader) setting(l *line) {
	r.rows.Settings = append(r.rows.Settings, rating.SettingRow{
		Row: l.Row, Account: l.name("account", true), Setting: l.settingName(), Value: l.settingValue(), ValidFrom: l.date("valid_from"),
	})
}

func (r *reader) fx(l *line) {
	r.rows.FX = append(r.rows.FX, rating.FXRow{
		Row: l.Row, On: l.date("on"), From: l.currency("from"), To: l.currency("to"), Rate: l.decimal("rate", moreThanZero), Source: l.text("source"),
	})
}

func (r *reader) seller(l *line) {
	r.rows.Sellers = append(r.rows.Sellers, rating.SellerRow{
		Row: l.Row, Seller: l.name("seller", false), Name: l.text("name"), Address: l.text("address"), Country: l.country("country", false),
		Currency: l.currency("currency"), VATNumber: l.text("vat_number"), PeppolID: l.text("peppol_id"), Bank: l.text("bank"), InvoiceSeries: l.name("invoice_series", false),
	})
}

func (r *reader) tax(l *line) {
	r.rows.Taxes = append(r.rows.Taxes, rating.TaxRow{
		Row: l.Row, SellerCountry: l.country("seller_country", false), CustomerCountry: l.country("customer_country", true),
		CustomerType: l.oneOf("customer_type", "business", "reseller", "consumer", "*"), Treatment: l.oneOf("treatment", "S", "AE", "O", "Z", "E"),
		RatePercent: l.decimal("rate_percent", zeroOrMore), Note: l.text("note"), ValidFrom: l.date("valid_from"),
	})
}

func (r *reader) adjustment(l *line) {
	r.rows.Adjustments = append(r.rows.Adjustments, rating.AdjustmentRow{
		Row: l.Row, Account: l.name("account", false), Month: l.month("month"), Description: l.text("description"),
		Quantity: l.decimal("quantity", anyAmount), UnitPrice: l.decimal("unit_price", anyAmount),
		Reason: l.text("reason"), ApprovedBy: l.text("approved_by"),
	})
}

func (r *reader) opening(l *line) {
	r.rows.Openings = append(r.rows.Openings, rating.OpeningRow{
		Row: l.Row, Account: l.name("account", false), Sender: l.number("sender"), Month: l.month("month"),
		Counter: l.oneOf("counter", "volume", "allowance", "free_tier"), Market: l.name("market", false),
		Category: l.category("category"), Count: l.count("count", 0),
	})
}

func (r *reader) gl(l *line) {
	row := rating.GLRow{
		Row: l.Row, Posting: l.oneOf("posting", postings...), Category: l.category("category"), Code: l.name("code", false), Name: l.text("name"),
	}
	if row.Category == "*" {
		row.Category = ""
	}
	if row.Category != "" && row.Posting != "" && row.Posting != string(rating.UsageLine) {
		l.wrong("category", row.Category, "only usage has categories", "leave it empty")
	}
	r.rows.GL = append(r.rows.GL, row)
}

// postings are what the general ledger keeps apart: revenue by kind of line, and
// the other side of it.
var postings = []string{
	"receivables", "accrued_income", "accrued_carrier_cost", "vat", "carrier_cost",
	string(rating.UsageLine), string(rating.MonthlyFeeLine), string(rating.SenderFeeLine), string(rating.CareFeeLine), string(rating.ReceivedFeeLine),
	string(rating.FailedFeeLine), string(rating.MinimumSpendLine), string(rating.AdjustmentLine),
}
