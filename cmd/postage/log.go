package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
)

// newLogger logs to w: warnings and errors, and with verbose what is done too.
// Numbers of users never reach it unmasked.
func newLogger(w io.Writer, format string, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(w, opts)
	if format == "json" {
		h = slog.NewJSONHandler(w, opts)
	}
	return slog.New(maskHandler{h})
}

// maskHandler masks what could tell who a user is, in the message and in every
// attribute but those named sender: a sender is a business number.
type maskHandler struct{ slog.Handler }

func (h maskHandler) Handle(ctx context.Context, r slog.Record) error {
	masked := slog.NewRecord(r.Time, r.Level, maskNumbers(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		masked.AddAttrs(maskAttr(a))
		return true
	})
	return h.Handler.Handle(ctx, masked)
}

func (h maskHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	masked := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		masked[i] = maskAttr(a)
	}
	return maskHandler{h.Handler.WithAttrs(masked)}
}

func (h maskHandler) WithGroup(name string) slog.Handler {
	return maskHandler{h.Handler.WithGroup(name)}
}

func maskAttr(a slog.Attr) slog.Attr {
	if a.Key == "sender" {
		return a
	}
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, maskNumbers(v.String()))
	case slog.KindGroup:
		group := v.Group()
		masked := make([]any, len(group))
		for i, inner := range group {
			masked[i] = maskAttr(inner)
		}
		return slog.Group(a.Key, masked...)
	case slog.KindAny:
		if text, ok := v.Any().([]byte); ok {
			return slog.String(a.Key, maskNumbers(string(text)))
		}
		return slog.String(a.Key, maskNumbers(fmt.Sprint(v.Any())))
	default: // numbers, times, durations: no telephone number is kept as one
		return slog.Attr{Key: a.Key, Value: v}
	}
}

// The digits of a number, E.164.
const numberDigitsMin, numberDigitsMax = 7, 15

// maskNumbers masks telephone numbers, keeping the last two digits, and message ids of
// the carrier, which hold the user's number in base64, keeping the last six characters. A number has
// a + before it; without one, as the carrier writes them, it stands in quotes or next to a |
// and has ten digits or more, lest every offset be taken for one.
func maskNumbers(s string) string {
	var b strings.Builder
	done := 0
	mask := func(from, to, keep int, with string) {
		b.WriteString(s[done:from])
		b.WriteString(with)
		b.WriteString(s[max(from, to-keep):to])
		done = to
	}
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], wamid):
			end := i + len(wamid)
			for end < len(s) && isIDByte(s[end]) {
				end++
			}
			if end-i > len(wamid)+6 {
				mask(i+len(wamid), end, 6, "***")
			}
			i = end
		case s[i] == '+' && i+1 < len(s) && isDigit(s[i+1]):
			end, digits := spacedNumber(s, i+1)
			if digits >= numberDigitsMin && digits <= numberDigitsMax {
				mask(i+1, end, 2, strings.Repeat("*", digits-2))
			}
			i = end
		case isDigit(s[i]):
			end := i
			for end < len(s) && isDigit(s[end]) {
				end++
			}
			if isNumber(s, i, end) {
				mask(i, end, 2, strings.Repeat("*", end-i-2))
			}
			i = end
		default:
			i++
		}
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

const wamid = "wamid."

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isIDByte says whether c may be in a message id after wamid: base64.
func isIDByte(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("+/=-_", c) >= 0
}

// spacedNumber is where a number ends that begins at s[from], written with single spaces,
// dots or dashes in it perhaps, and how many digits it has.
func spacedNumber(s string, from int) (end, digits int) {
	for i := from; i < len(s); i++ {
		switch {
		case isDigit(s[i]):
			digits, end = digits+1, i+1
		case end != i || strings.IndexByte(" .-()", s[i]) < 0:
			return end, digits
		}
	}
	return end, digits
}

// isNumber says whether the digits s[from:to] are a telephone number.
func isNumber(s string, from, to int) bool {
	n := to - from
	if n < numberDigitsMin || n > numberDigitsMax {
		return false
	}
	before := s[:from]
	if strings.HasSuffix(strings.ToUpper(before), "%2B") || strings.HasSuffix(before, `\u002b`) {
		return true
	}
	const quotes = "\"'`|"
	return n >= 10 && (from > 0 && strings.IndexByte(quotes, s[from-1]) >= 0 || to < len(s) && strings.IndexByte(quotes+"\\", s[to]) >= 0)
}

// maskError masks the text of an error and keeps what it wraps.
func maskError(err error) error {
	if err == nil || maskNumbers(err.Error()) == err.Error() {
		return err
	}
	return maskedError{err}
}

type maskedError struct{ error }

func (e maskedError) Error() string { return maskNumbers(e.error.Error()) }
func (e maskedError) Unwrap() error { return e.error }

// counting returns s with a logger that counts warnings and errors.
func (s *streams) counting(warnings *atomic.Int64) *streams {
	counted := *s
	counted.log = slog.New(countHandler{s.log.Handler(), warnings})
	return &counted
}

type countHandler struct {
	slog.Handler
	warnings *atomic.Int64
}

func (h countHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		h.warnings.Add(1)
	}
	return h.Handler.Handle(ctx, r)
}

func (h countHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return countHandler{h.Handler.WithAttrs(attrs), h.warnings}
}

func (h countHandler) WithGroup(name string) slog.Handler {
	return countHandler{h.Handler.WithGroup(name), h.warnings}
}
