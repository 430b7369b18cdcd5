package closing

import (
	"postage/rating"
	"testing"
)

// TestNoEInvoice: a reviewer is told of documents that cannot be e-invoices, once for all that lack the
// same.
func TestNoEInvoice(t *testing.T) {
	told := func(change func(*rating.TariffRows)) (found []string) {
		w := newHouse(t)
		w.use(lateTariff("v0", func(rows *rating.TariffRows) {
			rows.Sellers[0].VATNumber = "GB123456789"
			change(rows)
		}))
		w.sends(senderOf(0), "", 5, 1)
		r, err := w.closer.Draft(t.Context(), october)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range r.Exceptions {
			if e.Code == "no_einvoice" {
				found = append(found, e.String())
			}
		}
		return found
	}
	const fix = "; fill that in before the documents are issued"
	w := &house{t: t}
	w.wants("nothing lacks", told(func(*rating.TariffRows) {}))
	w.wants("no country", told(func(rows *rating.TariffRows) { rows.Accounts[2].Country = "" }),
		"warning no_einvoice: cove: gets no e-invoice: its document lacks the customer's country (accounts.csv: country)"+fix)
	w.wants("no VAT number of the seller", told(func(rows *rating.TariffRows) { rows.Sellers[0].VATNumber = "" }),
		"warning no_einvoice: 3 accounts (acme, cove, dune) get no e-invoice: their documents lack the seller's VAT number (sellers.csv: vat_number)"+fix)
}
