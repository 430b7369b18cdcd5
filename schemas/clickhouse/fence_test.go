package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"postage/ingest"
	"strings"
	"testing"
	"time"
)

// tenure is a right to append whose proof the test decides.
type tenure struct {
	owner ingest.Owner
	prove func(ctx context.Context) error
}

func (t tenure) Owner() ingest.Owner             { return t.owner }
func (t tenure) Prove(ctx context.Context) error { return t.prove(ctx) }

var proved = func(context.Context) error { return nil }

func owner(generation int32, member string) ingest.Owner {
	return ingest.Owner{Group: "a group/of ours", Generation: generation, Member: member}
}

// batchOf is a batch of one partition from an offset on, one event a record.
func batchOf(from, to int64) *ingest.Batch {
	b := &ingest.Batch{Spans: []ingest.Span{{Topic: topic, From: from, To: to, Records: to - from, Stored: to - from, Events: to - from}}}
	for i, r := range traffic(uint64(from), int(to-from), 0) {
		b.Events = append(b.Events, record(0, from+int64(i), 0, r.Event))
	}
	return b
}

// storedTwice is how many origins are in the log, and how often one is there too often.
func storedTwice(t *testing.T, s *Store) string {
	t.Helper()
	return rowsOf(t, s, "SELECT toString(uniqExact(topic, partition, offset, item)), toString(count() - uniqExact(topic, partition, offset, item)) FROM (SELECT topic, partition, offset, item FROM events UNION ALL SELECT topic, partition, offset, item FROM refused)")
}

// TestZombieIsFenced: a process loses its partitions while it appends, paused at the worst
// place: it has proved its tenure and has not yet sent a row. Whatever it does when it
// comes to life again, no origin is there twice.
func TestZombieIsFenced(t *testing.T) {
	s := open(t)
	atProof, goOn := make(chan struct{}), make(chan struct{})
	zombie := tenure{owner(7, "zombie"), func(context.Context) error {
		close(atProof)
		<-goOn
		return nil // what the coordinator said before the pause
	}}
	batch := batchOf(0, 25_000) // several blocks
	ended := make(chan error, 1)
	go func() { ended <- s.Append(t.Context(), zombie, batch) }()
	<-atProof

	// The successor takes over and must not go on while the zombie could still write.
	settled := make(chan error, 1)
	go func() { settled <- s.Settle(t.Context(), owner(8, "successor")) }()
	select {
	case err := <-settled:
		t.Fatalf("Settle returned (%v) while an append of the generation before was open", err)
	case <-time.After(time.Second):
	}
	close(goOn)
	if err := <-ended; err == nil {
		t.Error("the zombie appended after the successor had asked for its end")
	}
	if err := <-settled; err != nil {
		t.Fatalf("Settle: %v", err)
	}
	stored, err := s.StoredFrom(t.Context(), topic, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), tenure{owner(8, "successor"), proved}, batch.Without(stored)); err != nil {
		t.Fatalf("the successor's append: %v", err)
	}
	if got, want := storedTwice(t, s), "25000\t0"; got != want {
		t.Errorf("origins, repeated: got %q, want %q", got, want)
	}
}

// TestZombieThatStaysPaused: the server itself ends an append whose process never comes
// back, and the successor has to wait no longer than that.
func TestZombieThatStaysPaused(t *testing.T) {
	t.Parallel()
	s := open(t)
	atProof, goOn := make(chan struct{}), make(chan struct{})
	zombie := tenure{owner(7, "zombie"), func(context.Context) error { close(atProof); <-goOn; return nil }}
	ended := make(chan error, 1)
	go func() { ended <- s.Append(t.Context(), zombie, batchOf(0, 100)) }()
	<-atProof
	began := time.Now()
	if err := s.Settle(t.Context(), owner(8, "successor")); err != nil {
		t.Fatalf("Settle: %v", err)
	}
	if took, limit := time.Since(began), 2*(idleSeconds+pollSeconds)*time.Second+3*time.Second; took > limit {
		t.Errorf("Settle took %s, want at most %s", took, limit)
	} else {
		t.Logf("Settle took %s", took)
	}
	if err := s.Append(t.Context(), tenure{owner(8, "successor"), proved}, batchOf(0, 100)); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	if err := <-ended; err == nil {
		t.Error("the zombie's append succeeded")
	}
	if got, want := storedTwice(t, s), "100\t0"; got != want {
		t.Errorf("origins, repeated: got %q, want %q", got, want)
	}
}

// TestAppendNeedsItsTenure: nothing is written by who cannot prove that it is still the owner.
func TestAppendNeedsItsTenure(t *testing.T) {
	s := open(t)
	out := tenure{owner(7, "zombie"), func(context.Context) error { return ingest.ErrGenerationEnded }}
	b := batchOf(0, 25_000)
	b.Refused = []ingest.Refused{{Origin: ingest.Origin{Topic: topic, Offset: 99_999}, Reason: "not_json"}}
	if err := s.Append(t.Context(), out, b); !errors.Is(err, ingest.ErrGenerationEnded) {
		t.Errorf("Append: got %v, want ErrGenerationEnded", err)
	}
	if got := rowsOf(t, s, "SELECT toString((SELECT count() FROM events) + (SELECT count() FROM refused) + (SELECT count() FROM ledger))"); got != "0" {
		t.Errorf("rows: got %s, want 0", got)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping afterwards: %v", err)
	}
}

// TestSettleLeavesOthersAlone: members of the same generation, other groups and other
// databases go on.
func TestSettleLeavesOthersAlone(t *testing.T) {
	s, other := open(t), open(t)
	type running struct {
		name  string
		store *Store
		owner ingest.Owner
		ends  bool
	}
	all := []running{
		{"an earlier append of its own", s, owner(8, "me"), true},
		{"an older generation", s, owner(7, "other"), true},
		{"a generation of before the group was deleted", s, owner(80, "other"), true},
		{"another member of the generation", s, owner(8, "other"), false},
		{"another group", s, ingest.Owner{Group: "a group", Generation: 7, Member: "me"}, false},
		{"another database", other, owner(7, "other"), false},
	}
	open, ended := make(chan struct{}), make(chan error)
	goOn := make(chan struct{})
	for i, r := range all {
		go func() {
			at := tenure{r.owner, func(context.Context) error { open <- struct{}{}; <-goOn; return nil }}
			err := r.store.Append(t.Context(), at, batchOf(int64(i)*100, int64(i)*100+10))
			if (err != nil) != r.ends {
				err = fmt.Errorf("%s: error %w, want one: %v", r.name, err, r.ends)
			} else {
				err = nil
			}
			ended <- err
		}()
	}
	for range all {
		<-open
	}
	settled := make(chan error, 1)
	go func() { settled <- s.Settle(t.Context(), owner(8, "me")) }()
	marked := func() string {
		return rowsOf(t, s, "SELECT toString(countIf(is_cancelled)) FROM system.processes WHERE startsWith(query_id, 'postage-append/')")
	}
	for deadline := time.Now().Add(5 * time.Second); marked() != "3" && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	close(goOn)
	for range all {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if err := <-settled; err != nil {
		t.Errorf("Settle: %v", err)
	}
}

// TestWhatCannotBeMended: an outage is told from what an operator has to mend.
func TestWhatCannotBeMended(t *testing.T) {
	s := open(t)
	if err := s.conn.Exec(t.Context(), "RENAME TABLE events TO elsewhere"); err != nil {
		t.Fatal(err)
	}
	err := s.Append(t.Context(), tenure{owner(1, "m"), proved}, batchOf(0, 10))
	if !errors.Is(err, ingest.ErrHopeless) || !strings.Contains(err.Error(), "events") {
		t.Errorf("append without a table: got %v, want a hopeless error that names it", err)
	}
	if _, err := Open(t.Context(), strings.Replace(engine.DSN(), "clickhouse://", "clickhouse://nobody@", 1), Options{Database: "postage"}); err == nil {
		t.Error("Open as an unknown user: got no error")
	}
	_ = s.Close()
	if err := s.Append(t.Context(), tenure{owner(1, "m"), proved}, batchOf(0, 10)); err == nil || errors.Is(err, ingest.ErrHopeless) {
		t.Errorf("append without a connection: got %v, want an error that time may mend", err)
	}
}

// TestProvedWhileRegistered: when the tenure is asked for its proof, a successor would find the
// append; and without the proof nothing is written.
func TestProvedWhileRegistered(t *testing.T) {
	s := open(t)
	lost := errors.New("lost")
	for i := range 50 {
		batch := batchOf(int64(i), int64(i)+1)
		batch.Refused = []ingest.Refused{{Origin: ingest.Origin{Topic: topic, Offset: int64(1000 + i)}, Reason: "not_json"}}
		err := s.Append(t.Context(), tenure{owner(7, "m"), func(ctx context.Context) error {
			running, err := s.appends(ctx, owner(8, "successor"))
			if len(running) != 2 { // into events and into refused
				t.Errorf("append %d: a successor finds %d INSERTs at the time of the proof, want 2", i, len(running))
			}
			return errors.Join(err, lost)
		}}, batch)
		if !errors.Is(err, lost) {
			t.Fatalf("append %d: got %v, want that the tenure is lost", i, err)
		}
	}
	if got, want := storedTwice(t, s), "0\t0"; got != want {
		t.Errorf("origins, repeated: got %q, want %q", got, want)
	}
	if cutoff, err := s.Cutoff(t.Context()); err != nil || len(cutoff) != 0 {
		t.Errorf("the ledger has %v, %v; want nothing", cutoff, err)
	}
}
