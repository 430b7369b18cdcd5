package tariff

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"
)

// TestVersionIsFixed holds the canonical form: documents of years name it.
func TestVersionIsFixed(t *testing.T) {
	files := Files{"senders.csv": []byte("\ufeffsender,account\r\n+442079460001,acme"), "fx.csv": []byte("on\n"), "README.md": []byte("x")}
	got, err := Canonical(files)
	if err != nil {
		t.Fatal(err)
	}
	want := "postage tariff 1\nfx.csv 3\non\nsenders.csv 34\nsender,account\n+442079460001,acme\n"
	if string(got) != want {
		t.Errorf("canonical form:\ngot  %q\nwant %q", got, want)
	}
	version, err := Version(files)
	if want := "sha256:f59da7b6b91954fed5e246bada5a63f24fec78541f7eaded60de863c2a2597b2"; err != nil || version != want {
		t.Errorf("version: got %s, %v, want %s", version, err, want)
	}
}

func TestVersionFollowsContent(t *testing.T) {
	version := func(changes ...change) string {
		v, err := Version(changed(t, changes...))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	was := version()
	for _, tt := range []struct {
		name string
		same bool
		change
	}{
		{"another file", true, change{"NOTES.txt", "", "hello"}},
		{"line ends", true, change{"senders.csv", "", strings.ReplaceAll(small["senders.csv"], "\n", "\r\n")}},
		{"byte order mark", true, change{"senders.csv", "", "\ufeff" + small["senders.csv"]}},
		{"last line end", true, change{"senders.csv", "waba-1\n", "waba-1"}},
		{"a price", false, change{"prices.csv", "0.0500", "0.0501"}},
		{"the scale of a price", false, change{"prices.csv", "0.0500", "0.05"}},
		{"order of columns", false, change{"senders.csv", "", "waba,sender,account\nwaba-1,+442079460001,acme\n"}},
		{"one more file", false, change{"fx.csv", "", "on,from,to,rate\n"}},
	} {
		if got := version(tt.change) == was; got != tt.same {
			t.Errorf("%s: got same version %v, want %v", tt.name, got, tt.same)
		}
	}
	rows, err := Read(changed(t))
	if err != nil || rows.Version != was {
		t.Errorf("version of the rows: got %s, %v, want %s", rows.Version, err, was)
	}
}

// TestFrozenTariffReadsBack holds what an issued document relies on: the pinned
// bytes give the same rows and the same version.
func TestFrozenTariffReadsBack(t *testing.T) {
	want := example(t)
	frozen, err := Canonical(Example)
	if err != nil {
		t.Fatal(err)
	}
	files, err := FromCanonical(frozen)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(files)
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != want.Version || VersionOf(frozen) != want.Version {
		t.Errorf("version: got %s and %s, want %s", got.Version, VersionOf(frozen), want.Version)
	}
	if len(got.Prices) != len(want.Prices) || got.Prices[100] != want.Prices[100] && !got.Prices[100].UnitPrice.Equal(want.Prices[100].UnitPrice) {
		t.Errorf("prices: got %d rows, want %d", len(got.Prices), len(want.Prices))
	}
	again, err := Canonical(files)
	if err != nil || !bytes.Equal(again, frozen) {
		t.Errorf("canonical form of what was read back differs (%v)", err)
	}
}

func TestFromCanonicalRefuses(t *testing.T) {
	sound, err := Canonical(changed(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]string{
		"nothing":         "",
		"another format":  "PK\x03\x04",
		"cut short":       string(sound[:len(sound)-1]),
		"something added": string(sound) + "x",
		"unknown file":    canonicalHeader + "../x 1\n\n",
		"negative size":   canonicalHeader + "fx.csv -1\n",
		"not normalised":  canonicalHeader + "fx.csv 3\na\r\n",
		"not sorted":      canonicalHeader + "prices.csv 2\na\nfx.csv 2\na\n",
		"one file twice":  canonicalHeader + "fx.csv 2\na\nfx.csv 2\na\n",
		"odd size":        canonicalHeader + "fx.csv 02\na\n",
	} {
		if files, err := FromCanonical([]byte(b)); err == nil {
			t.Errorf("%s: got %v, want an error", name, files)
		}
	}
}

func TestFilesAreAFolder(t *testing.T) {
	if err := fstest.TestFS(changed(t), fileNames()[:5]...); err != nil {
		t.Error(err)
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add([]byte("on,from\n"))
	f.Add([]byte("\ufeff\ufeffa\r\r\n\n\r"))
	f.Fuzz(func(t *testing.T, content []byte) {
		frozen, err := Canonical(Files{"fx.csv": content})
		if err != nil {
			t.Fatal(err)
		}
		files, err := FromCanonical(frozen)
		if err != nil {
			t.Fatalf("reading back %q: %v", frozen, err)
		}
		if again, err := Canonical(files); err != nil || !bytes.Equal(again, frozen) {
			t.Errorf("canonical again: got %q, %v, want %q", again, err, frozen)
		}
	})
}
