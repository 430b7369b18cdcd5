package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"postage/ingest/kafka"
	"postage/rating"
	"postage/reports"
	"postage/schemas/events/traffic"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// TestCloseTorture closes three months while everything goes wrong: the command is
// killed (-9) at every step and at random moments, two closes race, events come late
// (of the month, of two months ago, across a month's border), prices change and a
// sender moves to another account after a close. In the end numbers have no gap,
// nothing is issued twice, what was issued comes out of the log again, and every
// closed month adds up to what the log says under the tariff it was closed under.
func TestCloseTorture(t *testing.T) {
	t.Parallel()
	w := newClosingWorld(t)
	august, september, october := month("2026-08"), month("2026-09"), month("2026-10")

	w.arrive(august, 0.96)
	w.close(august)
	w.change()                 // prices go up, retroactively, and a sender moves
	w.arrive(september, 0.96)  // what is kept back of it is late across the border
	w.close(september)         // under the new tariff; what came late of August under the old
	w.arriveLate(august, 0.5)  // of two months ago
	w.arriveLate(september, 1) // of last month
	w.arrive(october, 1)
	w.close(october)
	w.arriveLate(august, 1)
	for _, m := range []rating.Month{august, september, october} {
		w.command(0, w.args(m)...)
	}
	w.check(august, september, october)
}

// closingWorld is a plant whose tariff is a folder that changes.
type closingWorld struct {
	*plant
	chance  *rand.Rand
	folder  string
	address string // of ClickHouse, for processes that are killed
	late    map[rating.Month][]kafka.Produced
	arrived []kafka.Produced
	frozen  map[rating.Month]*loadedTariff // what each month was closed under
	killed  int
}

func newClosingWorld(t *testing.T) *closingWorld {
	t.Helper()
	w := &closingWorld{
		plant: newPlant(t, embeddedBroker(t), "testdata/tariff"), chance: randomly(t), folder: filepath.Join(t.TempDir(), "tariff"),
		late: map[rating.Month][]kafka.Produced{}, frozen: map[rating.Month]*loadedTariff{},
	}
	w.address = "clickhouse://" + gentle(t) + "/" + w.database
	copyTree(t, filepath.Join("testdata", "tariff"), w.folder)
	edit(t, filepath.Join(w.folder, "senders.csv"), "sender,account", "sender,account\n"+movingSender+",acme")
	return w
}

// movingSender is acme's at first.
const movingSender = "+442079460003"

// arrive sends a month of traffic and keeps some of it back; a message's events may
// arrive in part.
func (w *closingWorld) arrive(m rating.Month, share float64) {
	w.t.Helper()
	var now []kafka.Produced
	for _, r := range monthOf(w.t, w.loaded().Tariff, m, 400, traffic.V1) {
		if w.chance.Float64() < share {
			now = append(now, r)
		} else {
			w.late[m] = append(w.late[m], r)
		}
	}
	w.send(now)
}

// arriveLate sends a share of what was kept back.
func (w *closingWorld) arriveLate(m rating.Month, share float64) {
	w.t.Helper()
	n := int(float64(len(w.late[m])) * share)
	w.send(w.late[m][:n])
	w.late[m] = w.late[m][n:]
}

func (w *closingWorld) send(records []kafka.Produced) {
	w.t.Helper()
	w.produce(records...)
	w.ingest()
	w.arrived = append(w.arrived, records...)
}

func (w *closingWorld) loaded() *loadedTariff {
	w.t.Helper()
	t, err := (tariffFlag{w.folder}).load()
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

// change raises a price for all times and gives a sender to another account.
func (w *closingWorld) change() {
	w.t.Helper()
	edit(w.t, filepath.Join(w.folder, "prices.csv"), ",0.0500", ",0.0700")
	edit(w.t, filepath.Join(w.folder, "senders.csv"), movingSender+",acme", movingSender+",zenith")
}

func (w *closingWorld) args(m rating.Month) []string {
	return []string{
		"close", "--month", m.String(), "--tariff", w.folder, "--clickhouse", w.address, "--data", w.Data,
		"--out", filepath.Join(w.Data, m.String()), "--issued-on", "2026-11-02", "--approve", "--by", "tester", "--why", "torture",
	}
}

// close closes a month in the teeth of everything.
func (w *closingWorld) close(m rating.Month) {
	w.t.Helper()
	w.frozen[m] = w.loaded()
	args := w.args(m)
	for step := range len(w.steps(m)) {
		w.killAt(m, step, args)
	}
	for range 3 {
		w.kill(args, time.Duration(w.chance.IntN(900))*time.Millisecond)
	}
	// Two at once, and both killed; then two at once, of which one wins.
	other := command(w.t, args...)
	w.start(other)
	w.kill(args, time.Duration(w.chance.IntN(700))*time.Millisecond)
	w.end(other)
	racers := [2]*exec.Cmd{command(w.t, args...), command(w.t, args...)}
	var out [2]bytes.Buffer
	for i, c := range racers {
		c.Stderr = &out[i]
		w.start(c)
	}
	won := 0
	for i, c := range racers {
		if err := c.Wait(); err == nil {
			won++
		} else if !strings.Contains(out[i].String(), "held by process") {
			w.t.Errorf("a racing close: %v: %s", err, out[i].String())
		}
	}
	if won == 0 {
		w.t.Errorf("of two racing closes of %s none was done: %s %s", m, out[0].String(), out[1].String())
	}
}

// steps are counts that grow as a close goes on; a kill at a step is a kill as soon
// as the count has grown.
func (w *closingWorld) steps(m rating.Month) []func() string {
	db := openBooksFile(w.t, w.plant) // once: it is asked for as long as a close takes
	inBooks := func(q string) func() string {
		return func() string { return fmt.Sprint(query(w.t, db, q)) }
	}
	inFolder := func(pattern string) func() string {
		return func() string {
			names, err := filepath.Glob(filepath.Join(w.Data, m.String(), pattern))
			if err != nil {
				w.t.Fatal(err)
			}
			return fmt.Sprint(len(names))
		}
	}
	return []func() string{
		inBooks("SELECT token FROM lease"),                                               // it has begun
		func() string { return w.one("SELECT count() FROM runs WHERE state = 'begun'") }, // rows are being written
		inBooks("SELECT count(*) FROM documents"),                                        // issued
		inBooks("SELECT count(*) FROM files"),                                            // a file was drawn
		inBooks("SELECT count(*) > 0 AND count(*) = 3 * (SELECT count(*) FROM documents) FROM files"),
		func() string { return w.one("SELECT count() FROM v_runs") }, // the rows are visible
		inBooks("SELECT sum(projected) FROM runs"),                   // and noted
		inFolder("*.pdf"), // being exported
		inFolder("postage-*.xlsx"),
	}
}

// killAt kills a close as soon as a step is reached, or lets it end where it has been
// reached before.
func (w *closingWorld) killAt(m rating.Month, step int, args []string) {
	w.t.Helper()
	if _, err := os.Stat(filepath.Join(w.Data, "books.db")); err != nil {
		w.closer() // makes the file
	}
	observe := w.steps(m)[step]
	before := observe()
	cmd := command(w.t, args...)
	w.start(cmd)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case <-ended:
			return
		case <-time.After(time.Millisecond):
			if observe() != before {
				_ = cmd.Process.Kill() // it may have ended
				if <-ended != nil {
					w.killed++
				}
				return
			}
		}
	}
}

func (w *closingWorld) start(c *exec.Cmd) {
	w.t.Helper()
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *closingWorld) kill(args []string, after time.Duration) {
	w.t.Helper()
	c := command(w.t, args...)
	w.start(c)
	time.Sleep(after)
	w.end(c)
}

func (w *closingWorld) end(c *exec.Cmd) {
	_ = c.Process.Kill() // it may have ended
	if c.Wait() != nil {
		w.killed++
	}
}

func (w *closingWorld) command(want int, args ...string) string {
	w.t.Helper()
	out, err := command(w.t, args...).CombinedOutput()
	if (err == nil) != (want == 0) {
		w.t.Fatalf("postage %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// check is what must hold in the end.
func (w *closingWorld) check(months ...rating.Month) {
	w.t.Helper()
	checkChain(w.t, w.plant)
	b := w.closer().Books
	issued, notes := 0, 0
	for _, m := range months {
		documents, err := b.Documents(w.t.Context(), m)
		if err != nil {
			w.t.Fatal(err)
		}
		issued += len(documents)
		billed, invoices := map[string]decimal.Decimal{}, map[string]int{}
		for _, d := range documents {
			switch d.Type {
			case reports.Invoice:
				invoices[d.Customer.ID]++
				billed[d.Customer.ID] = billed[d.Customer.ID].Add(d.Net)
			case reports.DebitNote:
				notes++
				billed[d.Customer.ID] = billed[d.Customer.ID].Add(d.Net)
			case reports.CreditNote:
				notes++
				billed[d.Customer.ID] = billed[d.Customer.ID].Sub(d.Net)
			}
		}
		if len(invoices) != 2 {
			w.t.Errorf("%s: invoices %v, want one for each of two accounts", m, invoices)
		}
		for account, n := range invoices {
			if n != 1 {
				w.t.Errorf("%s: %d invoices to %s, want 1", m, n, account)
			}
		}
		for _, s := range offline(w.t, w.frozen[m].Tariff, m, w.arrived) {
			if !billed[s.Account].Equal(s.Billed) {
				w.t.Errorf("%s, %s: invoice and notes come to %s, the log under the tariff of the close to %s", m, s.Account, billed[s.Account], s.Billed)
			}
		}
	}
	out := w.command(0, "verify", "--all", "--clickhouse", w.address, "--data", w.Data)
	w.t.Logf("killed %d times; %d documents, %d of them notes; %s", w.killed, issued, notes, out)
	if notes < 2 {
		w.t.Errorf("%d notes: nothing came late", notes)
	}
	if w.killed < 15 {
		w.t.Errorf("only %d kills hit: the steps are not reached", w.killed)
	}
}
