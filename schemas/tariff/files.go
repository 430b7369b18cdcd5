package tariff

import (
	"strings"
)

// need says how much a column insists on being filled in.
type need uint8

const (
	optional  need = iota // the column may be absent, the cell empty
	mayEmpty              // the column must be there, the cell may be empty
	mustWrite             // the column must be there and the cell written
)

// column is one column of a file.
type column struct {
	name string
	need need
}

// spec is one file of a tariff.
type spec struct {
	name     string
	required bool
	columns  []column
	add      func(*reader, *line) // reads one line into the rows
}

// specs lists the files in the order in which people read them. The column
// lists are those of DESIGN and SEMANTICS.
var specs = []spec{
	{"accounts.csv", true, columns("account! name! country! timezone! currency! package valid_from!",
		"valid_to tax_id address email pool seller customer_type vat_number peppol_id buyer_reference payment_terms_days"), (*reader).account},
	{"senders.csv", true, columns("sender! account!", "phone_number_id waba timezone valid_from valid_to"), (*reader).sender},
	{"markets.csv", true, columns("market! prefix! valid_from!", "country"), (*reader).market},
	{"prices.csv", true, columns("price_list! valid_from! currency! origin! market! category! from_volume! unit_price!", ""), (*reader).price},
	{"packages.csv", true, columns("package! valid_from! currency! price_list! monthly_fee! sender_fee! included_units! "+
		"included_category markup_percent! markup_fixed! minimum_spend!",
		"tier_mode care_fee received_fee failed_fee cost_list"), (*reader).pack},
	{"regimes.csv", false, columns("account! valid_from! regime!", ""), (*reader).regime},
	{"settings.csv", false, columns("account! setting! value! valid_from!", ""), (*reader).setting},
	{"fx.csv", false, columns("on! from! to! rate!", "source"), (*reader).fx},
	{"sellers.csv", false, columns("seller! name! country!", "address currency vat_number peppol_id bank invoice_series"), (*reader).seller},
	{"taxes.csv", false, columns("seller_country! customer_country! customer_type! treatment! rate_percent! valid_from!", "note"), (*reader).tax},
	{"adjustments.csv", false, columns("account! month! description! quantity! unit_price! reason! approved_by!", ""), (*reader).adjustment},
	{"opening.csv", false, columns("account! month! counter! count!", "sender market category"), (*reader).opening},
	{"gl.csv", false, columns("posting! code! name!", "category"), (*reader).gl},
}

// columns reads the notation of specs: first the columns that must be there,
// with "!" where the cell must be written, then the optional ones.
func columns(listed, extra string) []column {
	var cs []column
	for name := range strings.FieldsSeq(listed) {
		n, must := strings.CutSuffix(name, "!")
		if must {
			cs = append(cs, column{n, mustWrite})
		} else {
			cs = append(cs, column{n, mayEmpty})
		}
	}
	for name := range strings.FieldsSeq(extra) {
		cs = append(cs, column{name, optional})
	}
	return cs
}

func (s spec) column(name string) (column, bool) {
	for _, c := range s.columns {
		if c.name == name {
			return c, true
		}
	}
	return column{}, false
}

// columnNames lists the columns; with onlyListed, those that must be there.
func (s spec) columnNames(onlyListed bool) []string {
	var names []string
	for _, c := range s.columns {
		if !onlyListed || c.need != optional {
			names = append(names, c.name)
		}
	}
	return names
}

func fileNames() []string {
	var names []string
	for _, s := range specs {
		names = append(names, s.name)
	}
	return names
}

// misspelt returns the known file that name was probably meant to be, or "".
// A file that resembles none is somebody's own.
func misspelt(name string) string {
	lower := strings.ToLower(name)
	if !strings.HasSuffix(lower, ".csv") {
		return ""
	}
	for strings.HasSuffix(lower, ".csv") {
		lower = strings.TrimSuffix(lower, ".csv")
	}
	for _, s := range specs {
		stem := strings.TrimSuffix(s.name, ".csv")
		if distance(lower, stem) <= min(2, len(stem)/2) {
			return s.name
		}
	}
	return ""
}

// RequiredFiles are the files that no tariff is without.
func RequiredFiles() []string {
	var names []string
	for _, s := range specs {
		if s.required {
			names = append(names, s.name)
		}
	}
	return names
}
