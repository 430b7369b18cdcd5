package pdf

import (
	"os"
	"os/exec"
	"path/filepath"
	"postage/reports/pdf/sample"
	"postage/reports/wording"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// tool runs a program that the Makefile installs, and gives what it prints.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// qpdf finds nothing wrong with any document, poppler reads the total to the last digit,
// the title and the author, and every font is in the file.
func TestReadersAcceptEveryDocument(t *testing.T) {
	for name, d := range documents() {
		path := filepath.Join(t.TempDir(), name+".pdf")
		if err := os.WriteFile(path, write(t, d), 0o600); err != nil {
			t.Fatal(err)
		}
		tool(t, "qpdf", "--check", path)
		text := tool(t, "pdftotext", "-layout", path, "-")
		for _, want := range []string{
			wording.Line(d.Currency) + " " + wording.Amount(d.Gross, d.Scale), wording.Amount(d.Net, d.Scale), wording.TotalLabel(d),
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: pdftotext does not find %q", name, want)
			}
		}
		info := tool(t, "pdfinfo", path)
		for field, want := range map[string]string{"Title": wording.Name(d), "Author": wording.Line(d.Seller.Name)} {
			if m := regexp.MustCompile(`(?m)^` + field + `: +(.*)$`).FindStringSubmatch(info); m == nil || m[1] != want {
				t.Errorf("%s: %s is %q, want %q", name, field, m, want)
			}
		}
		for i, line := range strings.Split(strings.TrimSpace(tool(t, "pdffonts", path)), "\n") {
			if i > 1 && !strings.Contains(line, " yes yes yes ") { // embedded, a subset, with a way to Unicode
				t.Errorf("%s: font %s", name, line)
			}
		}
	}
}

// What poppler reads is what was written, in every script. It takes a page for one that reads
// from left to right, and so gives the runs of an Arabic or Hebrew line in the order of the page,
// each rightly spelled; of those the words are compared.
func TestReadersReadEveryScript(t *testing.T) {
	for i, n := range sample.Names {
		path := filepath.Join(t.TempDir(), n.Script+".pdf")
		if err := os.WriteFile(path, write(t, sample.Scripts(i)), 0o600); err != nil {
			t.Fatal(err)
		}
		text := strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r) {
				return -1
			}
			return r
		}, tool(t, "pdftotext", path, "-"))
		for _, s := range append(wording.Lines(n.Address), n.Name, n.Service) {
			want := []string{strings.ReplaceAll(wording.Line(s), " ", "")}
			if _, base := directions([]rune(s)); base == 1 {
				want = strings.FieldsFunc(wording.Line(s), func(r rune) bool {
					return !unicode.In(r, unicode.L, unicode.M, unicode.Cf)
				})
			}
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Errorf("%s: pdftotext does not find %q", n.Script, w)
				}
			}
		}
	}
}

// No name falls into the box of missing characters.
func TestEveryScriptHasGlyphs(t *testing.T) {
	ts := newTypesetter()
	for _, n := range sample.Names {
		for w := range weights {
			for _, c := range ts.shape(wording.Line(n.Name+n.Address+n.Service), w).clusters {
				for _, g := range c.glyphs {
					if g.id == 0 {
						t.Errorf("%s: no glyph for %q", n.Script, c.text)
					}
				}
			}
		}
	}
	if box := ts.shape("\U0001F4A9", regular).clusters; len(box) != 1 || box[0].glyphs[0].id != 0 || box[0].glyphs[0].advance == 0 {
		t.Errorf("a character that no font has: got %v, want the box", box)
	}
}

// Arabic letters join, lam and alef become one, syllables of Devanagari do, and the
// vowel sign i goes before its consonant.
func TestShaping(t *testing.T) {
	ts := newTypesetter()
	glyphs := func(s string) (ids []uint16) {
		for _, c := range ts.shape(s, regular).clusters {
			for _, g := range c.glyphs {
				ids = append(ids, g.id)
			}
		}
		return ids
	}
	if alone, joined := glyphs("ب"), glyphs("ببب"); len(joined) != 3 || joined[0] == alone[0] || joined[0] == joined[1] || joined[1] == joined[2] {
		t.Errorf("beh: got %v alone and %v joined", alone, joined)
	}
	if got := glyphs("لا"); len(got) != 1 {
		t.Errorf("lam alef: got %d glyphs, want 1", len(got))
	}
	if got := glyphs("क्ष"); len(got) != 1 {
		t.Errorf("ksha: got %d glyphs, want 1", len(got))
	}
	if ka, ki := glyphs("क"), glyphs("कि"); len(ki) != 2 || ki[1] != ka[0] {
		t.Errorf("ki: got %v, want the vowel sign and then %v", ki, ka)
	}
}
