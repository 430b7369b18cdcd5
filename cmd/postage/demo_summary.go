package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"postage/rating"
	"postage/reports"
	"postage/reports/closing"
	"postage/schemas/clickhouse"
	"sort"
	"text/tabwriter"

	"github.com/shopspring/decimal"
)

// summary prints what the demo made, and fails when any two of its figures that
// must be equal are not.
func (d *demo) summary(ctx context.Context) error {
	last := d.last()
	in, err := d.engines.store.Ingested(ctx, last.Run.Cutoff)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\n%-28s %12s\n", d.month.String(), "")
	line := func(what string, n int64) { fmt.Fprintf(d.out, "%-28s %12s\n", what, grouped(n)) }
	line("records in Kafka", d.produced)
	line("events stored", in.Events)
	line("  of them copies", in.Copies)
	line("  conversations", in.Conversations)
	line("refused", in.RefusedTotal())
	for _, reason := range sortedKeys(in.Refused) {
		line("  "+reason, in.Refused[reason])
	}
	counts := totalCounts(last)
	line("outbound messages", counts.Messages)
	line("  free care", counts.CareFree)
	line("  charged care", counts.CareCharged)
	line("  free notifications", counts.NoticeFree)
	line("  charged notifications", counts.NoticeCharged)
	line("  not delivered", counts.NotDelivered)
	line("  rejected", counts.Rejected)
	line("  pending", counts.Pending)
	line("  unrated", counts.Unrated)

	checks := []check{
		{"refused records", int64(d.spoiled) - 1, in.RefusedTotal()}, // the unknown sender is stored
		{"events without copies", d.facts.Total.Events + 1 + lateEvents(d.late), in.Identities},
	}
	if err := d.revenue(ctx, d.invoices, &checks); err != nil {
		return err
	}
	if d.notes != nil {
		d.adjustment(&checks)
	}
	if err := d.journal(ctx, &checks); err != nil {
		return err
	}
	classified, err := d.engines.store.CompareLive(ctx, last.Run.ID)
	if err != nil {
		return err
	}
	line("\nclassified live, as closed", int64(classified.Messages-classified.Missing-classified.Different))
	checks = append(checks, check{"messages classified live", counts.Messages, classified.Messages - classified.Missing},
		check{"messages classified live in another way", 0, classified.Different})

	fmt.Fprintf(d.out, "\n%d files:\n", len(d.files))
	for _, path := range d.files {
		fmt.Fprintf(d.out, "  %s\n", path)
	}
	d.further(last)
	return failures(checks)
}

func lateEvents(l *lateEvent) int64 {
	if l == nil {
		return 0
	}
	return 1
}

// revenue prints what each account owes, as the invoice says and as SQL says.
func (d *demo) revenue(ctx context.Context, r *closing.Result, checks *[]check) error {
	sql, err := d.engines.store.StatementTotals(ctx, r.Run.ID)
	if err != nil {
		return err
	}
	bySQL := map[string]clickhouse.StatementTotal{}
	for _, s := range sql {
		bySQL[s.Account] = s
	}
	fmt.Fprintln(d.out)
	tw := tabwriter.NewWriter(d.out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "account\tfree care\tcharged\tcurrency\tstatement\tinvoice\tSQL over charges\tinvoice number\t")
	invoices := map[string]*reports.Document{}
	for i := range r.Documents {
		invoices[r.Documents[i].Customer.ID] = &r.Documents[i]
	}
	for i := range r.Statements {
		s := &r.Statements[i]
		invoice := invoices[s.Account]
		if invoice == nil {
			continue
		}
		total := bySQL[s.Account]
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", s.Account, grouped(s.Counts.CareFree), grouped(s.Counts.NoticeCharged+s.Counts.CareCharged), s.Currency,
			s.Billed.StringFixed(s.Scale), invoice.Net.StringFixed(s.Scale), total.FromCharges.StringFixed(s.Scale), invoice.Number)
		*checks = append(*checks,
			check{"invoice of " + s.Account, s.Billed.String(), invoice.Net.String()},
			check{"SQL over charges of " + s.Account, s.Billed.String(), total.FromCharges.String()},
			check{"SQL over lines of " + s.Account, s.Billed.String(), total.FromLines.String()},
			check{"SQL agreement of " + s.Account, true, total.Agrees})
	}
	return tw.Flush()
}

// adjustment prints what the late event changed.
func (d *demo) adjustment(checks *[]check) {
	before, now := statementOf(d.invoices, d.late.freed.Account), statementOf(d.notes, d.late.freed.Account)
	difference := before.Billed.Sub(now.Billed)
	fmt.Fprintf(d.out, "\nAfter the close, a message of customer %s arrived that was written an hour before a charged notification.\n", masked(d.late.event.User))
	fmt.Fprintf(d.out, "It opened the window: the notification is free. The invoice stays; the difference is %s %s.\n", before.Currency, difference.StringFixed(before.Scale))
	credited := decimal.Decimal{}
	for i := range d.notes.Documents {
		n := &d.notes.Documents[i]
		fmt.Fprintf(d.out, "  %s %s to %s: %s %s net (invoice %s)\n", n.Type, n.Number, n.Customer.ID, n.Currency, n.Net.StringFixed(n.Scale), n.Preceding.Number)
		if n.Type == reports.DebitNote {
			credited = credited.Sub(n.Net)
		} else {
			credited = credited.Add(n.Net)
		}
	}
	*checks = append(*checks, check{"adjustment", difference.String(), credited.String()}, check{"adjustments issued", 1, len(d.notes.Documents)})
}

// further says how to look at it all with SQL.
func (d *demo) further(r *closing.Result) {
	query := "SELECT account, category, market, count() AS messages, sum(price) AS revenue, any(currency) AS currency FROM postage.v_charges WHERE run = '" + r.Run.ID + "' GROUP BY ALL ORDER BY currency, revenue DESC LIMIT 3 BY currency FORMAT PrettyCompact"
	switch {
	case d.flags.Keep && d.engines.httpURL != "":
		login := ""
		if os.Getenv("POSTAGE_CLICKHOUSE_PASSWORD") != "" {
			login = ` -H "X-ClickHouse-User: postage" -H "X-ClickHouse-Key: $POSTAGE_CLICKHOUSE_PASSWORD"`
		}
		fmt.Fprintf(d.out, "\nThe engines keep running until Ctrl-C. Look further with SQL:\n  curl '%s'%s --data-binary \"%s\"\n", d.engines.httpURL, login, query)
	case d.engines.httpURL != "":
		fmt.Fprintf(d.out, "\nTo look further with SQL, run it again with --keep.\n")
	default:
		fmt.Fprintf(d.out, "\nLook further with SQL:\n  %s\n", query)
	}
}

// check is a pair of figures that must be equal.
type check struct {
	what      string
	want, got any
}

func failures(checks []check) error {
	var errs []error
	for _, c := range checks {
		if c.want != c.got && fmt.Sprint(c.want) != fmt.Sprint(c.got) {
			errs = append(errs, fmt.Errorf("%s: got %v, want %v", c.what, c.got, c.want))
		}
	}
	return errors.Join(errs...)
}

func statementOf(r *closing.Result, account string) *rating.Statement {
	for i := range r.Statements {
		if r.Statements[i].Account == account {
			return &r.Statements[i]
		}
	}
	return &rating.Statement{}
}

func totalCounts(r *closing.Result) rating.Counts {
	c := rating.Counts{Messages: r.Suspense, Unrated: r.Suspense}
	for i := range r.Statements {
		c = c.Plus(r.Statements[i].Counts)
	}
	return c
}

// masked hides the middle of a user's number.
func masked(number string) string {
	if len(number) < 8 {
		return "..."
	}
	return number[:4] + "..." + number[len(number)-2:]
}

func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func sortedKeys(m map[string]int64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
