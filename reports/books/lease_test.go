package books_test

import (
	"errors"
	"path/filepath"
	"postage/reports/books"
	"testing"
	"time"
)

// twoBooks opens one file as two processes would.
func twoBooks(t *testing.T) (a, b *books.Books, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "books.db")
	both := [2]*books.Books{}
	for i := range both {
		var err error
		if both[i], err = books.Open(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { both[i].Close() })
	}
	return both[0], both[1], path
}

// TestOneWriter: nobody writes without the lease, and it has one holder at a time.
func TestOneWriter(t *testing.T) {
	a, b, _ := twoBooks(t)
	if err := a.Issue(t.Context(), closeOf(june, "acme")); !errors.Is(err, books.ErrNotHolder) {
		t.Errorf("issue without a lease: got %v, want ErrNotHolder", err)
	}
	release, err := a.Acquire(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	var busy *books.BusyError
	if _, err := b.Acquire(t.Context(), 100*time.Millisecond); !errors.As(err, &busy) || busy.Left <= 0 {
		t.Errorf("a second holder: got %v, want a BusyError with time left", err)
	}
	issue(t, a, closeOf(june, "acme"))
	release()
	if err := a.SaveFile(t.Context(), "INV-2019-000001", "pdf", []byte("x")); !errors.Is(err, books.ErrNotHolder) {
		t.Errorf("a file saved after the release: got %v, want ErrNotHolder", err)
	}
	release, err = b.Acquire(t.Context(), 0)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	release()
}

// TestStaleWriterIsFenced: a writer that slept while its lease ran out is refused
// inside the transaction, whatever it writes.
func TestStaleWriterIsFenced(t *testing.T) {
	a, b, path := twoBooks(t)
	releaseA, err := a.Acquire(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer releaseA()
	issue(t, a, closeOf(june, "acme"))
	expire(t, path)
	releaseB, err := b.Acquire(t.Context(), 0)
	if err != nil {
		t.Fatalf("taking over: %v", err)
	}
	defer releaseB()
	july := june.Next()
	for what, err := range map[string]error{
		"issue":    a.Issue(t.Context(), closeOf(july, "acme")),
		"file":     a.SaveFile(t.Context(), "INV-2019-000001", "pdf", []byte("x")),
		"review":   a.SaveReview(t.Context(), books.Review{Month: july, ID: "r"}),
		"runs row": a.Projected(t.Context(), "final-2019-06"),
	} {
		if !errors.Is(err, books.ErrNotHolder) {
			t.Errorf("%s of a writer that was overtaken: got %v, want ErrNotHolder", what, err)
		}
	}
	releaseA() // does not take the lease from its new holder
	issue(t, b, closeOf(july, "acme"))
}

// TestDeadWriterIsReplaced: a process of this machine that died holds nothing up.
func TestDeadWriterIsReplaced(t *testing.T) {
	a, b, path := twoBooks(t)
	release, err := a.Acquire(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	const noProcess = 1 << 30 // above pid_max
	if _, err := openRaw(t, path).ExecContext(t.Context(), "UPDATE lease SET pid = ?", noProcess); err != nil {
		t.Fatal(err)
	}
	releaseB, err := b.Acquire(t.Context(), 0)
	if err != nil {
		t.Fatalf("the lease of a dead process: %v", err)
	}
	releaseB()
	if _, err := openRaw(t, path).ExecContext(t.Context(), "UPDATE lease SET pid = ?, host = 'elsewhere', expires_at = unixepoch('subsec') + 60", noProcess); err != nil {
		t.Fatal(err)
	}
	var busy *books.BusyError
	if _, err := b.Acquire(t.Context(), 0); !errors.As(err, &busy) || busy.Host != "elsewhere" {
		t.Errorf("the lease of another machine: got %v, want to be told who holds it", err)
	}
}

func expire(t *testing.T, path string) {
	t.Helper()
	if _, err := openRaw(t, path).ExecContext(t.Context(), "UPDATE lease SET expires_at = 1"); err != nil {
		t.Fatal(err)
	}
}
