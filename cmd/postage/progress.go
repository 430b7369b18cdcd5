package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows how far a long job is, with its rate and the time that remains:
// as a bar on a terminal, as a line now and then elsewhere.
type progress struct {
	what  string
	total func() int64 // these two may be called at any time
	done  func() int64
	unit  string
	size  int64 // of a unit; 0 means 1
	began time.Time
}

// progressEvery is how often there is a line where there is no terminal.
const progressEvery = 10 * time.Second

// run shows progress until ctx is done or the function returned is called.
func (p *progress) run(ctx context.Context, out io.Writer) (stop func()) {
	p.began = time.Now()
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	if f, ok := out.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		go p.bar(ctx, out, ended)
	} else {
		go p.lines(ctx, out, progressEvery, ended)
	}
	return func() {
		cancel()
		<-ended
	}
}

func (p *progress) bar(ctx context.Context, out io.Writer, ended chan<- struct{}) {
	defer close(ended)
	screen := mpb.New(mpb.WithOutput(out), mpb.WithWidth(40), mpb.WithRefreshRate(100*time.Millisecond))
	bar := screen.AddBar(p.total(),
		mpb.PrependDecorators(decor.Name(p.what+" ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + p.String() })))
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		bar.SetTotal(p.total()+1, false) // it ends below, not when the work is done
		bar.SetCurrent(p.done())
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	bar.SetCurrent(p.done())
	bar.Abort(false)
	screen.Wait()
}

func (p *progress) lines(ctx context.Context, out io.Writer, every time.Duration, ended chan<- struct{}) {
	defer close(ended)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			fmt.Fprintf(out, "%s: %s\n", p.what, p)
		case <-ctx.Done():
			return
		}
	}
}

// String says how far it is: "43 %, 1,240,000 of 2,900,000 records, 310,000/s, 5s left".
func (p *progress) String() string {
	total, elapsed := p.total(), time.Since(p.began).Seconds()
	done := min(p.done(), total)
	percent := int64(100)
	if total > 0 {
		percent = int64(float64(done) / float64(total) * 100)
	}
	show := func(n int64) string { return grouped(n / max(1, p.size)) }
	s := fmt.Sprintf("%d %%, %s of %s %s", percent, show(done), show(total), p.unit)
	if done > 0 && elapsed > 0 {
		rate := float64(done) / elapsed
		left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
		s += fmt.Sprintf(", %s/s, %s left", show(int64(rate)), left)
	}
	return s
}
