package clickhouse

import (
	"fmt"
	"postage/ingest/live"
	"postage/rating"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var _ live.Store = Live{}

// TestLiveEnumsAreRatings: the numbers of the enums mean what they mean in package rating.
func TestLiveEnumsAreRatings(t *testing.T) {
	s := open(t)
	names := func(n int, name func(int) string) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("'%s' = %d", name(i), i))
		}
		return "Enum8(" + strings.Join(all, ", ") + ")"
	}
	regimes := names(int(rating.PMP2)+1, func(i int) string { return rating.Regime(i).String() })
	outcomes := names(int(rating.Unrated)+1, func(i int) string { return rating.Outcome(i).String() })
	reasons := names(int(rating.NoPrice)+1, func(i int) string { return rating.Reason(i).String() })
	for column, want := range map[string]string{
		"kind":    names(int(rating.Echo)+1, func(i int) string { return rating.Kind(i).String() }),
		"class":   names(int(rating.Notification)+1, func(i int) string { return rating.Class(i).String() }),
		"regime":  regimes,
		"outcome": outcomes,
		"reason":  reasons,

		"cost_regime":  regimes,
		"cost_outcome": outcomes,
		"cost_reason":  reasons,
	} {
		if got := rowsOf(t, s, "SELECT type FROM system.columns WHERE database = currentDatabase() AND table = 'live_messages' AND name = '"+column+"'"); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", column, got, want)
		}
	}
	rows := []live.Row{{Message: rating.Message{MessageID: "m", Flags: 0xf}, Version: 1}}
	if err := (Live{s}).Write(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	want := "['" + strings.Join(rating.Flags(0xf).Names(), "','") + "']"
	if got := rowsOf(t, s, "SELECT toString(flags) FROM v_live_messages"); got != want {
		t.Errorf("flags: got %s, want %s", got, want)
	}
}

// TestConcerns counts the latest verdicts, whether or not those before have been merged away.
func TestConcerns(t *testing.T) {
	s := Live{open(t)}
	october := rating.Month{Year: 2026, Month: 10}
	row := func(id string, version uint64, month rating.Month, reason rating.Reason, flags rating.Flags) live.Row {
		m := rating.Message{MessageID: id, Sender: "+442079460000", User: "+447700900001"}
		m.Outcome, m.Reason, m.Flags, m.Month = rating.Charged, reason, flags, month
		if reason >= rating.UnknownSender {
			m.Outcome = rating.Unrated
		}
		return live.Row{Message: m, Version: version}
	}
	for _, rows := range [][]live.Row{
		{row("healed", 1, october, rating.UnknownMarket, 0), row("a", 1, october, rating.UnknownMarket, 0), row("b", 1, october, rating.UnknownMarket, rating.DuplicateDiffers)},
		{row("c", 2, rating.Month{}, rating.UnknownSender, 0), row("d", 2, october, rating.TemplateRegular, rating.DuplicateDiffers|rating.WindowEvidenceMissing)},
		{row("healed", 3, october, rating.TemplateRegular, 0), row("fine", 3, october, rating.TemplateRegular, 0)},
	} {
		if err := s.Write(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
	}
	want := []live.Concern{
		{Flag: "duplicate_differs", Month: "2026-10", Messages: 2},
		{Flag: "window_evidence_missing", Month: "2026-10", Messages: 1},
		{Unrated: "unknown_market", Month: "2026-10", Messages: 2},
		{Unrated: "unknown_sender", Messages: 1},
	}
	if got, err := s.Concerns(t.Context()); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// TestLiveForgetsNothing fails when a message gets a field that live_messages does not keep.
func TestLiveForgetsNothing(t *testing.T) {
	priced := 2 * len([]string{"Tier", "Position", "Rate"}) // of both sides: pricing is for runs
	if got, want := leaves(reflect.TypeFor[rating.Message]())-priced, columnsOf(liveColumns)-len([]string{"version"}); got != want {
		t.Errorf("rating.Message has %d fields besides prices, the table keeps %d", got, want)
	}
}

// TestActivate: the latest activation counts for everybody, and activating what is active
// does nothing. Of two that took one number the smaller version counts.
func TestActivate(t *testing.T) {
	s := open(t)
	for i, step := range []struct {
		version string
		want    live.Activation
	}{
		{"sha256:b", live.Activation{Number: 1, Version: "sha256:b"}},
		{"sha256:b", live.Activation{Number: 1, Version: "sha256:b"}},
		{"sha256:a", live.Activation{Number: 2, Version: "sha256:a"}},
		{"sha256:b", live.Activation{Number: 3, Version: "sha256:b"}},
	} {
		if got, err := s.Activate(t.Context(), step.version); err != nil || got != step.want {
			t.Errorf("step %d: got %v, %v; want %v", i, got, err, step.want)
		}
	}
	if err := insert(t.Context(), s.conn, "tariff_activations", activationFields, []live.Activation{{Number: 3, Version: "sha256:a"}}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Active(t.Context()); err != nil || got != (live.Activation{Number: 3, Version: "sha256:a"}) {
		t.Errorf("two of one number: got %v, %v", got, err)
	}
}
