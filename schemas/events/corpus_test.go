package events

import (
	"fmt"
	"postage/rating"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestCorpus decodes the records under testdata and compares with what they are
// known to hold. Items are shown as v1 events, refusals with reason and detail;
// an item's line begins with its index. Arguments: arrived=TIME, sender=ID:NUMBER.
//
// After a change that is meant, -rewrite brings the files up to date.
func TestCorpus(t *testing.T) {
	datadriven.Walk(t, "testdata/corpus", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			d, arrived := corpusDecoder(t, td)
			items, refused := d.Decode(nil, []byte(td.Input), arrived)
			var out strings.Builder
			for len(items)+len(refused) > 0 { // in the order of the record
				if len(refused) == 0 || len(items) > 0 && items[0].Index < refused[0].Index {
					fmt.Fprintf(&out, "%d %s\n", items[0].Index, AppendV1(nil, &items[0].Event))
					items = items[1:]
				} else {
					fmt.Fprintf(&out, "%d refused, %s: %s\n", refused[0].Index, refused[0].Reason, refused[0].Detail)
					refused = refused[1:]
				}
			}
			return out.String()
		})
	})
}

// corpusDecoder sets up a decoder as a case asks for.
func corpusDecoder(t *testing.T, td *datadriven.TestData) (*Decoder, rating.Instant) {
	t.Helper()
	d, arrived := &Decoder{}, rating.Instant(0)
	for _, arg := range td.CmdArgs {
		switch arg.Key {
		case "arrived":
			at, ok := parseTime([]byte(arg.Vals[0]))
			if !ok {
				t.Fatalf("%s: arrived=%s is not a time", td.Pos, arg.Vals[0])
			}
			arrived = at
		case "sender":
			id, number, _ := strings.Cut(arg.Vals[0], ":")
			d.SenderOf = func(got string) (string, bool) { return number, got == id }
		case "schema-silent":
		default:
			t.Fatalf("%s: unknown argument %s", td.Pos, arg.Key)
		}
	}
	return d, arrived
}
