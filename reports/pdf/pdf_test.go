package pdf

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"postage/reports/pdf/sample"
	"postage/reports/wording"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/shopspring/decimal"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func documents() map[string]*reports.Document {
	documents := map[string]*reports.Document{
		"invoice-gbp":    sample.Invoice("GBP", 12),
		"invoice-jpy":    sample.Invoice("JPY", 8),
		"invoice-kwd":    sample.Invoice("KWD", 8),
		"invoice-long":   sample.Invoice("GBP", 60),
		"credit-note":    sample.CreditNote(),
		"debit-note":     sample.DebitNote(),
		"draft-example":  sample.Draft(),
		"reverse-charge": sample.ReverseCharge(),
		"hostile":        sample.Hostile(),
	}
	for i, n := range sample.Names {
		documents["script-"+n.Script] = sample.Scripts(i)
	}
	return documents
}

func pagesOf(t *testing.T, d *reports.Document) (*typesetter, []*page) {
	t.Helper()
	ts := newTypesetter()
	return ts, lay(ts, d)
}

func write(t testing.TB, d *reports.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	for name, d := range documents() {
		t.Run(name, func(t *testing.T) {
			_, pages := pagesOf(t, d)
			var got bytes.Buffer
			dump(&got, pages)
			path := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("layout differs from %s; see it with -update and git diff", path)
			}
		})
	}
}

// What a reader copies out of the file is what was laid out, mark by mark.
func TestFileSaysWhatWasLaidOut(t *testing.T) {
	for name, d := range documents() {
		t.Run(name, func(t *testing.T) {
			_, pages := pagesOf(t, d)
			got := readPages(t, write(t, d))
			if len(got) != len(pages) {
				t.Fatalf("got %d pages, want %d", len(got), len(pages))
			}
			for i, p := range pages {
				var want []string
				for _, m := range p.marks {
					if m.text != "" {
						want = append(want, m.text)
					}
				}
				for j := range want {
					if j >= len(got[i]) || !sameText(got[i][j], want[j]) {
						t.Fatalf("page %d text %d: got %q, want %q", i+1, j, got[i][j:min(j+1, len(got[i]))], want[j])
					}
				}
			}
		})
	}
}

// sameText compares a drawn line with its text. What is written from right to
// left is drawn in reverse; a viewer turns it back.
func sameText(got, want string) bool {
	text := []rune(want)
	levels, _ := directions(text)
	at := make([]int, len(text))
	for i := range at {
		at[i] = i
	}
	visual(at, func(i int) uint8 { return levels[i] })
	var drawn strings.Builder
	for _, i := range at {
		drawn.WriteRune(text[i])
	}
	marks := strings.NewReplacer(leftToRight, "", rightToLeft, "")
	return got == marks.Replace(drawn.String())
}

func TestSameDocumentSameBytes(t *testing.T) {
	for name, d := range documents() {
		want := write(t, d)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if got := write(t, d); !bytes.Equal(got, want) {
					t.Errorf("%s: a second writing gave other bytes (%d and %d)", name, len(got), len(want))
				}
			})
		}
		wg.Wait()
		for _, clock := range []string{"CreationDate", "ModDate"} {
			if bytes.Contains(want, []byte(clock)) {
				t.Errorf("%s: file holds %s", name, clock)
			}
		}
	}
}

func TestPages(t *testing.T) {
	for lines, want := range map[int]int{0: 1, 1: 1, 12: 2, 60: 5, 200: 12} {
		_, pages := pagesOf(t, sample.Invoice("GBP", lines))
		if len(pages) != want {
			t.Errorf("%d lines: got %d pages, want %d", lines, len(pages), want)
		}
	}
}

// Each page that has a table has its header and at least one row under it, the
// totals never stand alone, and every page is numbered. All lengths are tried,
// so that each way of ending a page occurs.
func TestNoOrphans(t *testing.T) {
	for lines := 1; lines <= 90; lines++ {
		_, pages := pagesOf(t, sample.Invoice("GBP", lines))
		for i, p := range pages {
			headers, rows, usage := 0, 0, 0
			for _, m := range p.marks {
				switch {
				case m.text == "Description":
					headers++
				case m.text == "month" || m.text == "messages":
					rows++
				case m.text == "Price row":
					usage++
				}
			}
			if headers+usage == 0 || headers > 1 || usage > 1 || headers == 1 && rows == 0 {
				t.Errorf("%d lines, page %d of %d: got %d headers of lines, %d rows, %d headers of usage", lines, i+1, len(pages), headers, rows, usage)
			}
			want := "Page " + wording.Whole(int64(i+1)) + " of " + wording.Whole(int64(len(pages)))
			if !hasText(p, want) {
				t.Errorf("%d lines: page %d lacks %q", lines, i+1, want)
			}
		}
	}
}

// The appendix accounts for every usage line: its grand total is theirs, each line is there
// with its price row, and the messages of an allowance are told from charged ones.
func TestAppendixAddsUp(t *testing.T) {
	d := sample.Invoice("GBP", 50)
	d.Lines[7].Kind, d.Lines[7].UnitPrice = rating.AllowanceLine, decimal.Decimal{}
	sample.Total(d, "20")
	var want decimal.Decimal
	var charged int64
	for _, l := range d.Lines {
		if l.Kind == rating.UsageLine {
			want, charged = want.Add(l.Billed), charged+l.Quantity
		}
	}
	_, pages := pagesOf(t, d)
	var texts []string
	for _, p := range pages {
		for _, m := range p.marks {
			texts = append(texts, m.text)
		}
	}
	last := slices.Index(texts, "All markets")
	if last < 0 {
		t.Fatal("no grand total")
	}
	got := texts[last+1 : last+4]
	if want := []string{wording.Whole(d.Lines[7].Quantity), wording.Whole(charged), wording.Amount(want, 2)}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, l := range d.Lines[2:] {
		if !slices.Contains(texts, l.PriceRow) {
			t.Errorf("no %s", l.PriceRow)
		}
	}
	if markets, _ := usage(sample.CreditNote()); markets != nil {
		t.Error("a credit note has an appendix")
	}
}

func hasText(p *page, text string) bool {
	for _, m := range p.marks {
		if m.text == text {
			return true
		}
	}
	return false
}

// No text leaves the frame, whatever the names and amounts.
func TestTextStaysInFrame(t *testing.T) {
	for name, d := range documents() {
		staysInFrame(t, name, d)
	}
}

func staysInFrame(t *testing.T, name string, d *reports.Document) {
	t.Helper()
	ts, pages := pagesOf(t, d)
	for i, p := range pages {
		for _, m := range p.marks {
			if m.text == "" || m.turn != 0 {
				continue
			}
			end := m.x + ts.width(m.text, m.style.weight, m.style.size)
			if m.x < left-0.01 || end > right+0.01 || m.y > pageHeight-15 {
				t.Errorf("%q page %d: %q runs from %.1f to %.1f at %.1f", name, i+1, m.text, m.x, end, m.y)
			}
		}
	}
}

func TestDecimalPointsStandUnderEachOther(t *testing.T) {
	d := sample.Invoice("GBP", 12)
	ts, pages := pagesOf(t, d)
	points := map[int]bool{}
	for _, line := range d.Lines {
		price := wording.Amount(line.UnitPrice, d.Scale)
		for _, m := range pages[0].marks {
			if m.text == price && m.x < 480 { // not the amount of a fee
				whole, _, _ := strings.Cut(price, ".")
				points[int(10*(m.x+ts.width(whole, regular, m.style.size))+0.5)] = true
			}
		}
	}
	if len(points) != 1 {
		t.Errorf("got decimal points at %v tenths of a point, want one place", points)
	}
}

func TestDraftAndExampleSaySo(t *testing.T) {
	_, pages := pagesOf(t, sample.Draft())
	for _, want := range []string{"DRAFT", "Draft invoice", "Example: made from example price lists", "None: this is a draft"} {
		if !hasText(pages[0], want) {
			t.Errorf("draft lacks %q", want)
		}
	}
	_, pages = pagesOf(t, sample.Invoice("GBP", 3))
	if hasText(pages[0], "DRAFT") || hasText(pages[0], "Example: made from example price lists") {
		t.Error("an issued invoice is marked as a draft or an example")
	}
}

// Whatever stands in the texts, a reader finds the total, and nothing leaves the
// frame.
func FuzzWrite(f *testing.F) {
	f.Add("Acme", "1 Street, Town", "Utility", int64(3))
	f.Add("\xff\x00\u202e", "a\nb\r\n", strings.Repeat("é", 400), int64(-1<<63))
	f.Add("\xed\xa0\x80 lone \xed\xbf\xbf", "Z"+strings.Repeat("\u0301\u0336", 300), "👩‍👩‍👧‍👦🏳️‍🌈🇬🇧", int64(1))
	f.Add("\u2067אב\u2069 (ש.ם) ۱۲", strings.Repeat("\u200d\u200b", 90), "क्"+strings.Repeat("्", 50), int64(0))
	f.Add(strings.Repeat("א", 500), strings.Repeat("漢", 500), strings.Repeat("ช้", 250), int64(1<<62))
	f.Fuzz(func(t *testing.T, name, address, description string, quantity int64) {
		d := sample.Invoice("GBP", 2)
		d.Customer.Name, d.Customer.Address, d.Number = name, address, name
		d.Lines[0].Description, d.Lines[0].Quantity, d.Lines[0].Unit = description, quantity, address
		pages := readPages(t, write(t, d))
		if len(pages) == 0 || !slices.Contains(pages[0], "GBP "+wording.Amount(d.Gross, 2)) {
			t.Error("no total on page one")
		}
		staysInFrame(t, name, d)
	})
}

// No two documents of the benchmark have a figure in common, as in a month's run.
func BenchmarkWrite(b *testing.B) {
	for _, lines := range []int{12, 40, 200} {
		b.Run(fmt.Sprintf("%dlines", lines), func(b *testing.B) {
			b.ReportAllocs()
			n := int64(0)
			for b.Loop() {
				n++
				d := sample.Invoice("GBP", lines)
				for i := range d.Lines {
					d.Lines[i].Quantity += n
				}
				sample.Total(d, "20")
				b.SetBytes(int64(len(write(b, d))))
			}
		})
	}
}
