package ingest

import "testing"

func TestParseOrigin(t *testing.T) {
	for s, want := range map[string]Origin{
		"postage.events/3/17/2":            {"postage.events", 3, 17, 2},
		"load:ab12/0/9000000000000000/0":   {"load:ab12", 0, 9_000_000_000_000_000, 0},
		"t/2147483647/9223372036854775807": {"t", 2147483647, 9223372036854775807, 0},
	} {
		got, whole, err := ParseOrigin(s)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", s, got, err, want)
		}
		if name := got.String(); !whole && name != s || whole && got.Record() != s {
			t.Errorf("%s: prints as %s", s, name)
		}
	}
	for _, s := range []string{"", "t", "t/1", "/1/2/3", "t/1/2/3/4", "t/-1/2/3", "t/1/x/3", "t/1/2/", "t/2147483648/0/0"} {
		if o, _, err := ParseOrigin(s); err == nil {
			t.Errorf("%q: got %+v, want an error", s, o)
		}
	}
}
