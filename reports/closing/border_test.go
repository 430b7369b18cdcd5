package closing

import (
	"postage/rating"
	"postage/reports"
	"strings"
	"testing"
	"time"
)

// TestMovedAtBorder: brig is in London and dune in Tokyo, whose month begins nine hours earlier. A message
// of those hours whose sender moves between them belongs to both months or to none, unless dates say whose
// it is; a reviewer is told. What is told is what is billed.
func TestMovedAtBorder(t *testing.T) {
	november := october.Next()
	for name, tt := range map[string]struct {
		from, to int    // of lateTariff's senders
		dated    string // "" for a move without dates
		told     string
		billed   int // how many invoices have the message
	}{
		"east":                      {1, 3, "", "billed twice", 2},
		"west":                      {3, 1, "", "billed to nobody", 0},
		"east, a day later":         {1, 3, "2026-11-02", "", 1},
		"west, a day later":         {3, 1, "2026-11-02", "", 1},
		"east, on the first":        {1, 3, "2026-11-01", "billed twice", 2},
		"within one timezone":       {1, 0, "", "", 1},
		"not moved, other accounts": {1, 1, "", "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newHouse(t)
			w.closer.Now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
			w.use(lateTariff("v0", func(rows *rating.TariffRows) { rows.Packages[2].MinimumSpend = d("0") }))
			at := november.First().Midnight(time.UTC) - 3*rating.Hour
			e := rating.Event{Type: rating.Sent, Kind: rating.Template, Category: "marketing", At: at, MessageID: "m", Sender: senderOf(tt.from), User: "+447700900001"}
			w.log.events = append(w.log.events, e)
			e.Type = rating.Delivered
			w.log.events = append(w.log.events, e)
			results := []*Result{w.close(october)}
			w.use(lateTariff("v1", func(rows *rating.TariffRows) {
				rows.Packages[2].MinimumSpend = d("0")
				moved := rows.Senders[tt.from]
				moved.Account = rows.Senders[tt.to].Account
				if tt.dated == "" {
					rows.Senders[tt.from] = moved
					return
				}
				on, err := rating.ParseDate(tt.dated)
				if err != nil {
					t.Fatal(err)
				}
				rows.Senders[tt.from].ValidTo, moved.ValidFrom = on, on
				rows.Senders = append(rows.Senders, moved)
			}))
			results = append(results, w.close(november))
			var told []string
			for _, e := range results[1].Exceptions {
				if e.Code == "sender_moved" {
					told = append(told, e.String())
				}
			}
			if len(told) > 1 || (tt.told == "") != (told == nil) || tt.told != "" && !strings.HasSuffix(strings.Split(told[0], ";")[0], tt.told) {
				t.Errorf("told %q, want %q", told, tt.told)
			}
			billed := 0
			for _, r := range results {
				for i := range r.Documents {
					billed += usageLines(&r.Documents[i])
				}
			}
			if billed != tt.billed {
				t.Errorf("the message is on %d invoices, want %d", billed, tt.billed)
			}
		})
	}
}

func usageLines(d *reports.Document) (n int) {
	for _, l := range d.Lines {
		if l.Kind == rating.UsageLine {
			n++
		}
	}
	return n
}
