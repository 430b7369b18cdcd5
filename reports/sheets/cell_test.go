package sheets

import (
	"postage/reports/pdf/sample"
	"testing"
)

func TestHolds(t *testing.T) {
	for in, want := range map[string]bool{
		"0": true, "-0.05": true, "123456789012345": true, "1234567890123456": false,
		"1000000000000000000": true, "0.000000000000000000012": true, "9999999999999.99": true, "99999999999999.99": false,
	} {
		if got := holds(sample.Dec(in)); got != want {
			t.Errorf("holds(%s): got %v, want %v", in, got, want)
		}
	}
}

func TestProductIsAFormulaOnlyWhenItGivesTheAmount(t *testing.T) {
	for _, c := range []struct {
		quantity     int64
		unit, billed string
		scale        int32
		want         string
	}{
		{100, "0.0221", "2.21", 2, "ROUND(B1*D1,2)"},
		{1, "2.675", "2.68", 2, "ROUND(B1*D1,2)"},
		{1, "-12.345", "-12.35", 2, "ROUND(B1*D1,2)"},
		{3, "0.5", "2", 0, "ROUND(B1*D1,0)"},
		{3, "0.5", "1", 0, ""},                       // not what the product rounds to
		{10, "0.0313131313131313131", "0.31", 2, ""}, // a cell cannot hold the price
		{1_000_000_007, "123456789.1", "1", 2, ""},   // nor the product
	} {
		got := product("B1", "D1", c.quantity, sample.Dec(c.unit), sample.Dec(c.billed), c.scale)
		if got.formula != c.want {
			t.Errorf("product(%d, %s, %s): got formula %q, want %q", c.quantity, c.unit, c.billed, got.formula, c.want)
		}
	}
}

func TestLiteral(t *testing.T) {
	for in, want := range map[string]bool{
		"acme": true, "Rest of Africa": true, "Ελλάς": true, "acme-2": true,
		"": false, "*": false, "a?": false, "a~": false, "00123": false, ">5": false, "=x": false, "TRUE": false, "Mar 5": false, "may": true,
	} {
		if got := literal(in); got != want {
			t.Errorf("literal(%q): got %v, want %v", in, got, want)
		}
	}
	b := block{twins: twins([]string{"acme", "Other", "ACME", "acme"})}
	if b.literal([]where{{key: "Acme"}}) || !b.literal([]where{{key: "Other"}}) {
		t.Error("keys that differ only in case must be compared exactly")
	}
}
