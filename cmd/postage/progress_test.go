package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestProgress: where there is no terminal, a line now and then says how far it is,
// how fast, and how long it will take.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var out strings.Builder
		p := progress{
			what: "loading", unit: "records",
			total: func() int64 { return 2_900_000 },
			done:  func() int64 { return int64(time.Since(began).Seconds() * 31_000) },
		}
		stop := p.run(context.Background(), &out)
		time.Sleep(25 * time.Second)
		stop()
		want := "loading: 10 %, 310,000 of 2,900,000 records, 31,000/s, 1m24s left\n" +
			"loading: 21 %, 620,000 of 2,900,000 records, 31,000/s, 1m14s left\n"
		if out.String() != want {
			t.Errorf("got\n%s\nwant\n%s", out.String(), want)
		}
	})
	p := progress{what: "looking through", unit: "MB", size: 1_000_000, total: func() int64 { return 0 }, done: func() int64 { return 0 }}
	if got := p.String(); got != "100 %, 0 of 0 MB" {
		t.Errorf("nothing to do: got %q", got)
	}
}
