package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"postage/ingest/live"
	"postage/ingest/metrics"
	"postage/schemas/clickhouse"
	"sync/atomic"
	"time"
)

const (
	askTimeout     = 2 * time.Second // for ClickHouse to answer a probe
	headerTimeout  = 5 * time.Second
	goodbyeTimeout = 2 * time.Second
)

// listen serves the figures of a consumer and the probes of an orchestrator until
// stop is called. store is nil until it has been reached. The figures name topics,
// partitions and reasons, never a number.
func listen(ctx context.Context, s *streams, addr string, m *metrics.Metrics, store *atomic.Pointer[clickhouse.Store]) (stop func(), err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w", addr, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { probe(w, m.Healthy(time.Now())) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		probe(w, errors.Join(m.Joined(), ping(r.Context(), store.Load())))
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout}
	watching, cancel := context.WithCancel(ctx)
	go m.Watch(watching)
	go m.WatchConcerns(watching, func(ctx context.Context) ([]live.Concern, error) {
		if store := store.Load(); store != nil {
			return clickhouse.Live{Store: store}.Concerns(ctx)
		}
		return nil, errNotReached
	})
	go func() {
		if err := server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("metrics and probes are no longer served", "address", addr, "error", err)
		}
	}()
	s.log.Info("serving metrics and probes", "address", l.Addr().String())
	return func() {
		cancel()
		goodbye, done := context.WithTimeout(context.WithoutCancel(ctx), goodbyeTimeout)
		defer done()
		if err := server.Shutdown(goodbye); err != nil {
			s.log.Warn("metrics and probes: closing", "error", err)
		}
	}, nil
}

var errNotReached = errors.New("clickhouse has not been reached yet")

// ping asks whether ClickHouse answers.
func ping(ctx context.Context, store *clickhouse.Store) error {
	if store == nil {
		return errNotReached
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := store.Ping(ctx); err != nil {
		return fmt.Errorf("clickhouse does not answer: %w", maskError(err))
	}
	return nil
}

// probe answers 200 with ok, or 503 with what is wrong.
func probe(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, err)
		return
	}
	fmt.Fprintln(w, "ok")
}
