package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"postage/rating"
	"strings"
)

// Seal is the SHA-256 of a statement in canonical JSON, in hexadecimal. Equal
// statements have equal seals; documents and books carry it.
func Seal(s *rating.Statement) (string, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("statement %s %s: %w", s.Account, s.Month, err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Composer makes documents from statements with what the tariff says of the
// parties. It gives no number: that is for the books, at the moment of issue.
type Composer struct {
	Tariff   *rating.Tariff
	IssuedOn rating.Date
	Example  bool // the tariff is the example one
}

// defaultPaymentTermsDays applies where accounts.csv says nothing.
const defaultPaymentTermsDays = 30

// Invoice composes the invoice of a statement. What the tariff lacks for it is in
// the error, all of it: see [Gaps].
func (c *Composer) Invoice(s *rating.Statement) (*Document, error) {
	d, account, err := c.begin(Invoice, s)
	if err != nil {
		return nil, err
	}
	terms := account.PaymentTermsDays
	if terms == 0 {
		terms = defaultPaymentTermsDays
	}
	d.DueOn = c.IssuedOn.AddDays(terms)
	for i := range s.Lines {
		d.Lines = append(d.Lines, describe(&s.Lines[i]))
	}
	if err := c.total(d, account); err != nil {
		return nil, err
	}
	return d, nil
}

// begin fills what every document of a statement has.
func (c *Composer) begin(t DocumentType, s *rating.Statement) (*Document, *rating.AccountRow, error) {
	account := c.Tariff.LastTerms(s.Account, s.Month)
	if account == nil {
		return nil, nil, &Gap{s.Account, NoTerms, rating.Row{}, fmt.Sprintf("no row in accounts.csv for %s", s.Month), "add one, or correct valid_from and valid_to"}
	}
	seal, err := Seal(s)
	if err != nil {
		return nil, nil, err
	}
	d := &Document{
		Type: t, IssuedOn: c.IssuedOn, Month: s.Month, Example: c.Example,
		Customer: Party{
			ID: s.Account, Name: account.Name, Address: account.Address, Country: account.Country,
			VATNumber: account.VATNumber, PeppolID: account.PeppolID, TaxID: account.TaxID, Email: account.Email,
		},
		BuyerReference: account.BuyerReference,
		Currency:       s.Currency, Scale: s.Scale, Counts: s.Counts, Tariff: s.Tariff, Seal: seal,
	}
	seller, err := c.seller(account)
	if err != nil {
		return nil, nil, err
	}
	if seller != nil {
		d.Bank = seller.Bank
		d.Seller = Party{ID: seller.Seller, Name: seller.Name, Address: seller.Address, Country: seller.Country, VATNumber: seller.VATNumber, PeppolID: seller.PeppolID}
	}
	return d, account, nil
}

// seller finds who sells to an account. A tariff without sellers.csv has none.
func (c *Composer) seller(a *rating.AccountRow) (*rating.SellerRow, error) {
	seller, known := c.Tariff.Rows.SellerOf(a), len(c.Tariff.Rows.Sellers)
	switch {
	case seller != nil:
		return seller, nil
	case a.Seller != "":
		return nil, &Gap{a.Account, NoSeller, a.Row, fmt.Sprintf("seller %q is not in sellers.csv", a.Seller), "add it there"}
	case known > 1:
		return nil, &Gap{a.Account, NoSeller, a.Row, fmt.Sprintf("names no seller, and sellers.csv has %d", known), "fill the column seller"}
	}
	return nil, nil //nolint:nilnil // no sellers.csv: documents then show no seller
}

// Series is the number series of a document: one per seller, type and year.
func (c *Composer) Series(d *Document) string {
	prefix := "INV"
	for _, s := range c.Tariff.Rows.Sellers {
		if s.Seller == d.Seller.ID && s.InvoiceSeries != "" {
			prefix = s.InvoiceSeries
		}
	}
	switch d.Type {
	case CreditNote:
		prefix += "-CN"
	case DebitNote:
		prefix += "-DN"
	case Invoice:
	}
	return fmt.Sprintf("%s-%04d", prefix, d.IssuedOn.Year)
}

// describe puts a statement line into words.
func describe(l *rating.Line) DocumentLine {
	d := DocumentLine{
		Kind: l.Kind, Regime: l.Regime, Market: l.Market, Category: l.Category, Tier: l.Tier, Unit: "messages",
		Quantity: l.Quantity, UnitPrice: l.UnitPrice, Exact: l.Exact, Billed: l.Billed, PriceRow: l.PriceRow,
	}
	switch l.Kind {
	case rating.MonthlyFeeLine:
		d.Description, d.Unit = "Monthly fee, package "+l.Detail, "month"
	case rating.SenderFeeLine:
		d.Description, d.Unit = "Sender fee, number "+l.Detail, "month"
	case rating.CareFeeLine:
		d.Description = "Fee per care message, package " + l.Detail
	case rating.ReceivedFeeLine:
		d.Description = "Fee per message received, package " + l.Detail
	case rating.FailedFeeLine:
		d.Description = "Fee per failed message, package " + l.Detail
	case rating.MinimumSpendLine:
		d.Description, d.Unit = "Difference to the "+l.Detail, "month"
	case rating.AdjustmentLine:
		d.Description, d.Unit = l.Detail, "units"
	case rating.AllowanceLine:
		d.Description = usageWords(l) + ", included in the package"
	case rating.UsageLine:
		d.Description = usageWords(l)
		if l.Tier > 1 { // the first tier needs no name
			d.Description += fmt.Sprintf(", tier %d (from %s)", l.Tier, thousands(l.From))
		}
	}
	if l.Member != "" {
		d.Description = fmt.Sprintf("Pool, tiers of %s moved: %s", l.Member, d.Description)
	}
	return d
}

// usageWords names the messages of a usage line: "Utility notifications to India".
func usageWords(l *rating.Line) string {
	to := ""
	if l.Market != "" {
		to = " to " + l.Market
	}
	switch {
	case l.Reason == rating.OpensConversation.String():
		return sentence(l.Category) + " conversations" + to
	case l.Category == "service":
		return "Service messages" + to
	case l.Category == "notification":
		return "Notifications" + to
	default:
		return sentence(l.Category) + " notifications" + to
	}
}

// sentence turns a code into words: "business_initiated" to "Business-initiated".
func sentence(code string) string {
	words := strings.ReplaceAll(code, "_", "-")
	if words == "" {
		return "Uncategorised"
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
