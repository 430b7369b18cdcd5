package files

import (
	"context"
	"sync"
)

// inOrder does work on several goroutines and hands the results on in the order
// of submission:
//
//	produce --jobs--> workers --result--> consume
//	   \-----------order-------------------^
//
// produce runs on its own goroutine and submits jobs until submit returns false;
// consume runs on the caller's. A few jobs are under way at a time. After an error
// or an interrupt nothing more is consumed; a producer that hangs in a Read is
// then left behind, and its next submit returns false.
func inOrder[J, R any](ctx context.Context, workers int, produce func(submit func(J) bool) error, work func(worker int, job J) (R, error), consume func(R) error) error {
	type task struct {
		job    J
		result chan R
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	jobs := make(chan task, 2*workers)
	order := make(chan chan R, 4*workers)
	go func() {
		defer close(order)
		defer close(jobs)
		err := produce(func(job J) bool {
			t := task{job, make(chan R, 1)}
			select {
			case order <- t.result:
			case <-ctx.Done():
				return false
			}
			select {
			case jobs <- t:
				return true
			case <-ctx.Done():
				return false
			}
		})
		if err != nil {
			stop(err)
		}
	}()

	var busy sync.WaitGroup
	for worker := range workers {
		busy.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case t, more := <-jobs:
					if !more {
						return
					}
					r, err := work(worker, t.job)
					if err != nil {
						stop(err)
						return
					}
					t.result <- r
				}
			}
		})
	}
	defer busy.Wait()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case result, more := <-order:
			if !more {
				return context.Cause(ctx)
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case r := <-result:
				if err := consume(r); err != nil {
					stop(err)
					return err
				}
			}
		}
	}
}

// each runs work for the numbers 0 to workers-1 at once and returns the first
// error; the context is cancelled on it.
func each(ctx context.Context, workers int, work func(ctx context.Context, worker int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var busy sync.WaitGroup
	for worker := range workers {
		busy.Go(func() {
			if err := work(ctx, worker); err != nil {
				stop(err)
			}
		})
	}
	busy.Wait()
	return context.Cause(ctx)
}
