package rating_test

import (
	"fmt"
	"path/filepath"
	"postage/rating"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/cockroachdb/datadriven"
)

// TestTranscripts runs testdata/*.txt: a tariff, what happened, and what
// rating made of it, in words that a finance person can check. Rewrite them with
//
//	go test ./rating -run TestTranscripts -rewrite
//
// and read the difference.
//
//	tariff               rows; see transcript_tariff_test.go
//	events [zone=...]    events; see transcript_events_test.go. Prints each outbound
//	                     message, or with `quiet` only how many there are of a sort
//	statement ACCOUNT MONTH   of the events last given
func TestTranscripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("transcripts: %v, %v", paths, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s := &script{}
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
				out, err := s.run(t, d)
				if err != nil {
					d.Fatalf(t, "%v", err)
				}
				return out
			})
		})
	}
}

type script struct {
	tariff *rating.Tariff
	rated  *rating.Rated
}

func (s *script) run(t *testing.T, d *datadriven.TestData) (string, error) {
	switch d.Cmd {
	case "tariff":
		rows, err := parseTariff(d.Input)
		if err != nil {
			return "", err
		}
		s.tariff, err = rating.NewTariff(rows)
		return "", err
	case "events":
		return s.events(t, d)
	case "statement":
		return s.statement(d)
	}
	return "", fmt.Errorf("no command %q", d.Cmd)
}

func (s *script) events(t *testing.T, d *datadriven.TestData) (string, error) {
	zone := "UTC"
	d.MaybeScanArgs(t, "zone", &zone)
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return "", err
	}
	events, err := (&eventReader{zone: loc}).read(d.Input)
	if err != nil {
		return "", err
	}
	if s.rated, err = rating.Evaluate(s.tariff, conversationsOf(events), nil); err != nil {
		return "", err
	}
	inOrder(s.rated.Messages)
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	if d.HasArg("quiet") {
		sorts, count := []string{}, map[string]int{}
		for _, m := range s.rated.Messages {
			k := fmt.Sprintf("%s\t%s\t%s\t%s", m.Class, m.Outcome, m.Reason, m.Regime)
			if count[k]++; count[k] == 1 {
				sorts = append(sorts, k)
			}
		}
		for _, k := range sorts {
			fmt.Fprintf(w, "%d\t%s\n", count[k], k)
		}
	} else {
		for _, m := range s.rated.Messages {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s%s\n", m.MessageID, m.Class, m.Outcome, m.Reason, m.Regime, orDash(m.Category), details(m, d.HasArg("markets")))
		}
	}
	w.Flush()
	return trimmed(b.String()), nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// details are the price of a charged message, its market when asked for or
// charged, and its flags.
func details(m *rating.Message, markets bool) string {
	s := ""
	if m.Rate != nil {
		s = fmt.Sprintf("\t%s\t%s\ttier %d\t%s %s\t%s", m.Market, m.Month, m.Tier, m.Rate.FormatUnitPrice(), m.Rate.Currency, m.Rate.PriceRow)
	} else if markets {
		s = fmt.Sprintf("\t%s\t%s", orDash(m.Market), orDash(m.Month.String()))
	}
	if m.Cost.Outcome != 0 {
		s += fmt.Sprintf("\tcosts us: %s %s", m.Cost.Outcome, m.Cost.Reason)
		if m.Cost.Rate != nil {
			s += fmt.Sprintf(" tier %d, %s %s, %s", m.Cost.Tier, m.Cost.Rate.FormatUnitPrice(), m.Cost.Rate.Currency, m.Cost.Rate.PriceRow)
		}
	}
	for _, f := range m.Flags.Names() {
		s += "\t(" + f + ")"
	}
	return s
}

func (s *script) statement(d *datadriven.TestData) (string, error) {
	account := d.CmdArgs[0].Key
	month, err := rating.ParseMonth(d.CmdArgs[1].Key)
	if err != nil {
		return "", err
	}
	st, err := statementOf(s.tariff, s.rated, account, month)
	if err != nil {
		return "error: " + err.Error(), nil
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, l := range st.Lines {
		var what []string
		for _, word := range []string{l.Regime, l.Category, l.Market, l.Detail} {
			if word != "" {
				what = append(what, word)
			}
		}
		tier := ""
		if l.Tier > 0 {
			tier = fmt.Sprintf("tier %d from %d", l.Tier, l.From)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d x %s\t= %s\tbilled %s\n", l.Kind, strings.Join(what, ", "), tier, l.PriceRow, l.Quantity, l.UnitPrice, l.Exact, l.Billed.StringFixed(st.Scale))
	}
	fmt.Fprintf(w, "total\t\t\t\t\t= %s\tbilled %s\trounding %s %s\n", st.Exact, st.Billed.StringFixed(st.Scale), st.Residue, st.Currency)
	w.Flush()
	for _, c := range st.Costs {
		fmt.Fprintf(&b, "costs us: %d messages, %s %s, %d unrated\n", c.Messages, c.Exact, c.Currency, c.Unrated)
	}
	for _, u := range st.Unrated {
		fmt.Fprintf(&b, "unrated: %d %s, needs %s\n", u.Count, u.Reason, u.Missing)
	}
	if d.HasArg("counts") {
		fmt.Fprintf(&b, "counts: %+v\n", st.Counts)
	}
	return trimmed(b.String()), nil
}

// trimmed takes the padding off the ends of lines.
func trimmed(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// statementOf folds the messages of an account and month.
func statementOf(t *rating.Tariff, rated *rating.Rated, account string, month rating.Month) (*rating.Statement, error) {
	f := rating.NewFolder(t, account, month)
	for _, m := range rated.Messages {
		if m.Account == account && m.StatementMonth() == month {
			f.Add(m)
		}
	}
	f.AddInbounds(rated.Inbounds)
	return f.Statement()
}
