package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"postage/rating"
	"slices"
)

// Inputs are what a document was made from, frozen when it was issued. The
// events are those of the log below the run's cut-off; the tariff's content is
// kept in the books by its version.
type Inputs struct {
	Run       string       `json:"run"`
	Month     rating.Month `json:"month"`
	Cutoff    string       `json:"cutoff"`    // SHA-256 of the run's cut-off, canonical JSON
	Tariff    string       `json:"tariff"`    // version: SHA-256 of its content
	Statement string       `json:"statement"` // seal: SHA-256 of its canonical JSON
	FX        []FXUsed     `json:"fx,omitempty"`
	Taxes     []TaxTotal   `json:"taxes,omitempty"`
	// Books is the hash of the last seal in the books when the document was entered: its
	// approval is before it. "" in older ones.
	Books string `json:"books,omitempty"`
}

// FXUsed is a currency rate that a statement may have been converted at.
type FXUsed struct {
	From   string      `json:"from"`
	To     string      `json:"to"`
	On     rating.Date `json:"on"`
	Rate   string      `json:"rate"`
	Source string      `json:"source,omitempty"`
	Row    string      `json:"row"` // "fx.csv:12"
}

// InputsOf is what a document of a run is made from.
func InputsOf(d *Document, run *Run, t *rating.Tariff) (*Inputs, error) {
	cutoff, err := json.Marshal(run.Cutoff)
	if err != nil {
		return nil, fmt.Errorf("inputs of %s: cut-off: %w", d.Customer.ID, err)
	}
	sum := sha256.Sum256(cutoff)
	return &Inputs{
		Run: run.ID, Month: d.Month, Cutoff: hex.EncodeToString(sum[:]), Tariff: run.Tariff, Statement: d.Seal,
		FX: fxInto(t, d), Taxes: d.Taxes,
	}, nil
}

// fxInto lists the rates in force on the last day of the month into the currency of
// a document, and from it into that of its tax accounts: the latest of each pair.
func fxInto(t *rating.Tariff, d *Document) []FXUsed {
	latest := map[[2]string]*rating.FXRow{}
	for i := range t.Rows.FX {
		r := &t.Rows.FX[i]
		into := r.To == d.Currency || d.AccountingTax != nil && r.From == d.Currency && r.To == d.AccountingTax.Currency
		if pair := [2]string{r.From, r.To}; into && !d.Month.Last().Before(r.On) && (latest[pair] == nil || !r.On.Before(latest[pair].On)) {
			latest[pair] = r
		}
	}
	var used []FXUsed
	for _, r := range latest {
		used = append(used, FXUsed{From: r.From, To: r.To, On: r.On, Rate: r.Rate.String(), Source: r.Source, Row: r.Row.String()})
	}
	slices.SortFunc(used, func(a, b FXUsed) int { return slices.Compare([]string{a.From, a.To}, []string{b.From, b.To}) })
	return used
}
