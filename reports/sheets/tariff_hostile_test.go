package sheets

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// handmade is a workbook of one sheet, prices, with any content of its parts.
func handmade(t testing.TB, sheet, shared io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	const relations = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	const types = `"http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	for _, p := range []struct {
		name    string
		content io.Reader
	}{
		{"_rels/.rels", strings.NewReader(relations + `<Relationship Id="r1" Type=` + types + `officeDocument" Target="xl/workbook.xml"/></Relationships>`)},
		{"xl/workbook.xml", strings.NewReader(`<workbook xmlns:r="x"><sheets><sheet name="prices" sheetId="1" r:id="r1"/></sheets></workbook>`)},
		{"xl/_rels/workbook.xml.rels", strings.NewReader(relations + `<Relationship Id="r1" Type=` + types + `worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="r2" Type=` + types + `sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>`)},
		{"xl/worksheets/sheet1.xml", sheet},
		{"xl/sharedStrings.xml", shared},
	} {
		w, err := z.Create(p.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// repeated is head, then unit n times.
func repeated(head, unit string, n int) io.Reader {
	many := 1 + (1<<20)/len(unit)
	block := strings.Repeat(unit, many)
	readers := []io.Reader{strings.NewReader(head)}
	for ; n > 0; n -= many {
		readers = append(readers, strings.NewReader(block))
	}
	return io.MultiReader(readers...)
}

func TestHostileWorkbooks(t *testing.T) {
	none := func() io.Reader { return strings.NewReader(`<sst></sst>`) }
	text := func(s string) io.Reader { return strings.NewReader(s) }
	for _, tt := range []struct {
		name          string
		sheet, shared io.Reader
		want          string // in the error
	}{
		{"a huge text", text(`<sheetData/>`), repeated(`<sst><si><t>`, "AAAAAAAAAAAAAAAA", 20<<20), "a cell or tag of more than 1 MB"},
		{"endless strings", text(`<sheetData/>`), repeated(`<sst>`, "<si/>", 5<<20), "more text than a tariff has"},
		{"deep nesting", repeated("", "<a>", 2<<20), none(), ""},
		{"an endless sheet", repeated("", "<a>"+strings.Repeat("x", 10_000), 30_000), none(), "unpacks to more than 256 MB"},
		{"a huge attribute", repeated(`<sheetData><row r="`, "1111111111111111", 20<<20), none(), "a cell or tag of more than 1 MB"},
		{"the last cell", text(`<sheetData><row r="1048576"><c r="XFD1048576" t="str"><v>x</v></c></row></sheetData>`), none(), "sheet prices, row 1048576: column XFD: beyond the 200 columns of a tariff; delete it"},
		{"wide rows", repeated(`<sheetData>`, `<row><c r="GR1" t="s"><v>0</v></c></row>`, 1<<20), text(`<sst><si><t>` + strings.Repeat("x", 1000) + `</t></si></sst>`), "more than a tariff has"},
		{"endless cells", repeated(`<sheetData><row>`, `<c><v>1</v></c>`, 10<<20), none(), "more than 16384 columns"},
		{"rows that go back", text(`<row r="5"><c><v>1</v></c></row><row r="4"><c><v>1</v></c></row>`), none(), `row "4" after row 5`},
		{"row beyond the last", text(`<row r="1048577"><c><v>1</v></c></row>`), none(), `row "1048577" after row 0`},
		{"columns that go back", text(`<row><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>`), none(), `cell "A1" in row 1`},
		{"no such string", text(`<row><c r="B1" t="s"><v>7</v></c></row>`), none(), `no shared string "7"`},
		{"an entity", text(`<!DOCTYPE x [<!ENTITY a "aaaa">]><row><c t="str"><v>&a;</v></c></row>`), none(), "invalid character entity"},
		{"another encoding", text("<?xml version=\"1.0\" encoding=\"utf-16\"?><row/>"), none(), "utf-16"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := handmade(t, tt.sheet, tt.shared)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			_, err := ReadTariffWorkbook(bytes.NewReader(b))
			runtime.ReadMemStats(&after)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if grown := int64(after.HeapSys-before.HeapSys) >> 20; grown > 500 {
				t.Errorf("took %d MB", grown)
			}
		})
	}
}

func TestNoWorkbook(t *testing.T) {
	for _, tt := range []struct{ name, content, want string }{
		{"empty", "", "not an XLSX workbook; save it as .xlsx"},
		{"CSV", "market,prefix\n", "not an XLSX workbook; save it as .xlsx"},
		{"old or encrypted", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "protected by a password, or of the time before XLSX; save it as .xlsx without a password"},
		{"too large", strings.Repeat("x", workbookBytesMax+1), "more than 32 MB; a workbook of a tariff is smaller"},
		{"too many parts", strings.Repeat("PK\x01\x02", partsMax+1), "more than 10000 parts"},
	} {
		if _, err := ReadTariffWorkbook(strings.NewReader(tt.content)); fmt.Sprint(err) != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func FuzzReadTariffWorkbook(f *testing.F) {
	f.Add(`<row r="2"><c r="B2" t="s" s="1"><v>0</v></c><c t="inlineStr"><is><t>a_x000A_b</t></is></c></row>`, `<sst><si><r><t>x</t></r><rPh><t>y</t></rPh></si></sst>`)
	f.Add(`<row><c><f>1+1</f></c><c t="e"><v>#N/A</v></c><c t="d"><v>2026-10-01T00:00:00</v></c><c t="b"><v>1</v></c></row>`, ``)
	f.Fuzz(func(t *testing.T, sheet, shared string) {
		files, err := ReadTariffWorkbook(bytes.NewReader(handmade(t, strings.NewReader(sheet), strings.NewReader(shared))))
		if err == nil && files == nil {
			t.Error("neither files nor an error")
		}
	})
}
