package closing

import (
	"context"
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// monthOptions say what rateMonth does besides the statements.
type monthOptions struct {
	Rows     reports.RunWriter // takes the messages of the month; nil for none
	Accounts []string          // only these, and what shares counters with them; nil for all
}

// rateMonth rates the month of a run from the log below its cut-off, under a tariff. The
// statements are in account order. With Accounts, those of accounts that share no counter
// with them are left out, and Suspense is not counted.
//
//	log: senders ---> groups that share counters ---> portions
//	                                                    |  several goroutines, each a portion at a time
//	log: slices ---> classify ---> what is not charged: folded, written
//	                    \--> wait for the whole group ---> price ---> folded, written
//
// What waits does so in memory, or, of a large group, in a spool beside the log. Memory is
// bounded by the slices, by what waits in memory, and by the longest conversation.
func rateMonth(ctx context.Context, log reports.EventLog, t *rating.Tariff, run reports.Run, o monthOptions) (*Evaluation, error) {
	r := &monthRating{log: log, tariff: t, run: run, before: previous(run.Month), rows: o.Rows, limits: usualLimits}
	return r.rate(ctx, o.Accounts)
}

// monthRating is one rating of a month.
type monthRating struct {
	log    reports.EventLog
	tariff *rating.Tariff
	run    reports.Run
	before rating.Month // the month before: counters of it are needed where the sender's month and the account's do not begin at the same instant
	rows   reports.RunWriter
	limits limits

	asOf rating.Instant

	mu  sync.Mutex // guards what follows
	out Evaluation
}

func (r *monthRating) rate(ctx context.Context, accounts []string) (_ *Evaluation, err error) {
	if r.asOf, err = r.log.AsOf(ctx, r.run.Cutoff); err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	portions, err := r.plan(ctx, accounts)
	if err != nil {
		return nil, err
	}
	r.out.Run = r.run
	queue := make(chan *portion, len(portions))
	for i := range portions {
		queue <- &portions[i]
	}
	close(queue)
	work, ctx := errgroup.WithContext(ctx)
	for range min(runtime.GOMAXPROCS(0)+1, len(portions)) { // one waits for the log while the others compute
		work.Go(func() error {
			var memory scratch
			for p := range queue {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if err := r.portion(ctx, p, &memory); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	if accounts != nil {
		r.out.Suspense = 0
	}
	slices.SortFunc(r.out.Statements, func(a, b rating.Statement) int { return strings.Compare(a.Account, b.Account) })
	return &r.out, nil
}

// portion rates a portion.
func (r *monthRating) portion(ctx context.Context, p *portion, memory *scratch) (err error) {
	w := &portionRating{
		monthRating: r, scratch: memory, classifier: rating.NewClassifier(r.tariff), pricer: rating.NewPricer(r.tariff),
		groups: map[string]*groupRating{}, folders: map[string]*rating.Folder{},
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	for _, g := range p.groups {
		rated := &groupRating{}
		w.all = append(w.all, rated)
		for _, s := range g.senders {
			w.groups[s.Sender] = rated
		}
		for _, account := range g.accounts {
			w.folders[account] = rating.NewFolder(r.tariff, account, r.run.Month)
		}
	}
	for _, slice := range p.slices {
		if err := w.slice(ctx, slice); err != nil {
			return err
		}
	}
	for _, g := range w.all {
		if err := w.price(ctx, g); err != nil {
			return err
		}
	}
	if err := w.write(ctx); err != nil {
		return err
	}
	return w.statements()
}

// statements closes the folders.
func (w *portionRating) statements() error {
	var made []rating.Statement
	for account, f := range w.folders {
		f.AddInbounds(w.classifier.Inbounds())
		s, err := f.Statement()
		if err != nil {
			return fmt.Errorf("account %s: %w", account, err)
		}
		if len(s.Lines) > 0 || s.Counts.Messages > 0 {
			made = append(made, *s)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out.Statements = append(w.out.Statements, made...)
	w.out.Suspense += w.suspense
	return nil
}

// portionRating is the rating of one portion on one goroutine.
type portionRating struct {
	*monthRating
	classifier *rating.Classifier
	pricer     *rating.Pricer
	all        []*groupRating
	groups     map[string]*groupRating // by sender
	folders    map[string]*rating.Folder
	suspense   int64
	*scratch
}

// scratch is memory that a goroutine uses for one portion after another.
type scratch struct {
	judged []rating.Message
	ready  []rating.Message   // on their way to the rows
	order  []*rating.Message  // of a group that is being priced
	spare  [][]rating.Message // empty, for groups to wait in
}

// release takes back the memory in which a group has waited.
func (s *scratch) release(waiting []rating.Message) {
	clear(waiting) // they hold on to what was read
	if cap(waiting) > 0 {
		s.spare = append(s.spare, waiting[:0])
	}
}

// groupRating is a group whose chargeable messages wait until all of them are there.
type groupRating struct {
	waiting []rating.Message
	spool   reports.Spool // holds those that came before; nil while there are none
}

// slice classifies the conversations of a slice.
func (w *portionRating) slice(ctx context.Context, of reports.LogSlice) error {
	for events, err := range w.log.Conversations(ctx, w.run.Cutoff, of) {
		if err != nil {
			return err
		}
		g := w.groups[events[0].Sender]
		w.judged = w.classifier.Classify(w.judged[:0], events)
		for i := range w.judged {
			m := &w.judged[i]
			m.Settle(w.asOf)
			if !m.Chargeable() {
				if err := w.take(ctx, m); err != nil {
					return err
				}
			} else if m.Month == w.run.Month || m.Month == w.before {
				if err := w.wait(ctx, g, m); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// wait keeps a message until its group is complete.
func (w *portionRating) wait(ctx context.Context, g *groupRating, m *rating.Message) (err error) {
	if last := len(w.spare) - 1; g.waiting == nil && last >= 0 {
		g.waiting, w.spare = w.spare[last], w.spare[:last]
	}
	g.waiting = append(g.waiting, *m)
	if len(g.waiting) < w.limits.groupMessages {
		return nil
	}
	if g.spool == nil {
		if g.spool, err = w.log.Spool(ctx); err != nil {
			return err
		}
	}
	err = g.spool.Add(ctx, g.waiting)
	clear(g.waiting) // they hold on to what was read
	g.waiting = g.waiting[:0]
	return err
}

// price prices a complete group and takes its messages.
func (w *portionRating) price(ctx context.Context, g *groupRating) error {
	if g.spool != nil {
		return w.priceSpooled(ctx, g)
	}
	w.order = w.order[:0]
	for i := range g.waiting {
		w.order = append(w.order, &g.waiting[i])
	}
	w.pricer.Price(w.order)
	for i := range g.waiting {
		if err := w.take(ctx, &g.waiting[i]); err != nil {
			return err
		}
	}
	w.release(g.waiting)
	g.waiting = nil
	return nil
}

// priceSpooled does the same for a group in a spool: once to find the tiers that the month
// reaches, where some package asks for that, and once for good.
func (w *portionRating) priceSpooled(ctx context.Context, g *groupRating) error {
	if err := g.spool.Add(ctx, g.waiting); err != nil {
		return err
	}
	w.release(g.waiting)
	g.waiting = nil
	binder := rating.NewBinder(w.tariff)
	through := func(visit func(*rating.Message) error) error {
		for m, err := range g.spool.InOrder(ctx) {
			if err != nil {
				return err
			}
			binder.Bind(m)
			if err := visit(m); err != nil {
				return err
			}
		}
		return nil
	}
	final := w.pricer
	if w.tariff.PricesAllUnits() {
		final = rating.NewPricer(w.tariff)
		if err := through(func(m *rating.Message) error { final.Next(m); return nil }); err != nil {
			return err
		}
	}
	return through(func(m *rating.Message) error {
		if !w.pricer.Next(m) {
			final.Last(m)
		}
		return w.take(ctx, m)
	})
}

// take folds a message that is rated to the end into its statement and sends it to the rows, if it
// is of the month. What belongs to no known account is on no statement.
func (w *portionRating) take(ctx context.Context, m *rating.Message) error {
	switch of := m.StatementMonth(); {
	case of.IsZero():
		if monthOfSending(m) != w.run.Month {
			return nil
		}
		if m.Reason == rating.UnknownSender {
			w.suspense++
		}
	case of != w.run.Month:
		return nil
	default:
		f := w.folders[m.Account]
		if f == nil { // terms began or ended between sending and delivery
			f = rating.NewFolder(w.tariff, m.Account, w.run.Month)
			w.folders[m.Account] = f
		}
		f.Add(m)
	}
	if w.rows == nil {
		return nil
	}
	const slab = 8192
	if w.ready = append(w.ready, *m); len(w.ready) < slab {
		return nil
	}
	return w.write(ctx)
}

// monthOfSending is by UTC, for a message of no account that could give a timezone.
func monthOfSending(m *rating.Message) rating.Month {
	y, month, _ := m.SentAt.Time().Date()
	return rating.Month{Year: y, Month: month}
}

// write sends what is ready to the rows.
func (w *portionRating) write(ctx context.Context) error {
	if len(w.ready) == 0 {
		return nil
	}
	if err := w.rows.WriteMessages(ctx, w.ready); err != nil {
		return fmt.Errorf("run %s: messages: %w", w.run.ID, err)
	}
	w.ready = w.ready[:0]
	return nil
}

// close throws the spools away.
func (w *portionRating) close(ctx context.Context) error {
	var errs []error
	for _, g := range w.all {
		if g.spool != nil {
			errs = append(errs, g.spool.Close(ctx))
		}
	}
	return errors.Join(errs...)
}
