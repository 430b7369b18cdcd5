package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

var errPortTaken = errors.New("port already in use")

// startFailed is how an interactive engine tells of a query that failed. It goes
// on after that, waiting for the next line, and has to be sent away.
const startFailed = "Received exception"

const askTimeout = 5 * time.Second

// waitReady returns when the engine in s answers as the owner of path. Asking
// for the path matters: if the child lost its port to another ClickHouse, that
// one would answer a ping just as well.
func waitReady(ctx context.Context, s *Server, path string, timeout time.Duration) error {
	ctx, cancel := awake(ctx, timeout)
	defer cancel()
	var last error
	for {
		select {
		case <-s.child.done:
			err := fmt.Errorf("clickhouse engine did not start: %w", s.child.exitError())
			if strings.Contains(s.child.tail.String(), "Address already in use") {
				err = fmt.Errorf("%w: %w", errPortTaken, err)
			}
			return err
		case <-ctx.Done():
			err := fmt.Errorf("clickhouse engine does not answer on %s (%w): %w", s.HTTPAddr, context.Cause(ctx), last)
			return lastWords(err, s.child.tail.String())
		case <-time.After(10 * time.Millisecond):
		}
		if strings.Contains(s.child.tail.String(), startFailed) {
			s.child.endStdin()
			continue // until it is done and all of its words are here
		}
		if last = askOnce(ctx, s, path); last == nil {
			return nil
		}
	}
}

func askOnce(ctx context.Context, s *Server, path string) error {
	// A stranger on the port may accept and say nothing.
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	got, err := post(ctx, s.HTTPAddr, "/", s.password, "SELECT path FROM system.disks WHERE name = 'default'")
	if err != nil {
		return err
	}
	if want := path + "/"; strings.TrimSpace(got) != want {
		return fmt.Errorf("another engine answers on %s, its data is in %q", s.HTTPAddr, got)
	}
	// The native port listens too: HTTP's listener is started last, and only if
	// the other one did. No connection is made to see it with one's own eyes: one
	// that is closed unused can hold up an engine that is stopped soon after.
	return nil
}

// ask sends one statement over HTTP. It keeps no connection open: the engine
// waits for those when it stops.
func ask(ctx context.Context, addr, query string) (string, error) {
	return askPath(ctx, addr, "/", query)
}

func askPath(ctx context.Context, addr, path, query string) (string, error) {
	return post(ctx, addr, path, "", query)
}

// post is ask as the user who has a password, when there is one.
func post(ctx context.Context, addr, path, password, query string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+path, strings.NewReader(query))
	if err != nil {
		return "", err
	}
	req.Close = true
	if password != "" {
		req.Header.Set("X-ClickHouse-User", userWithPassword)
		req.Header.Set("X-ClickHouse-Key", password)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", resp.Status, body)
	}
	return string(body), nil
}
