package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"postage/ingest/files"
	"postage/rating"
	"postage/schemas/events"
	"runtime/debug"
)

// rateCommand is `postage rate`: offline, no servers.
type rateCommand struct {
	tariffFlag
	memoryFlag
	Explain string   `placeholder:"MESSAGE_ID" help:"Say in words how this message came to its price, instead of printing lines."`
	Files   []string `arg:"" optional:"" help:"Files of events, one JSON record per line (v1 or webhook bodies), plain, gzip or zstd; standard input when none is named, or for \"-\"."`
}

// memoryFlag bounds what rests in memory.
type memoryFlag struct {
	MemoryMB int64 `name:"memory-mb" default:"400" placeholder:"N" help:"Megabytes of events and messages to hold in memory before sorting on disk, in TMPDIR (default ${default})."`
}

func (c *rateCommand) Run(ctx context.Context, s *streams) error {
	t, err := c.loadLenient(s.err)
	if err != nil {
		return err
	}
	inputs, err := eventFiles(c.Files, s.in)
	if err != nil {
		return err
	}
	config, err := c.rateConfig(t)
	if err != nil {
		return err
	}
	if c.Explain != "" {
		return c.explain(ctx, s, t, config, inputs)
	}
	result, err := files.Rate(ctx, config, inputs, s.err, s.out)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%d events in, %d refused; %d messages out:", result.Events, result.Refused, result.Messages)
	for o := rating.Charged; o <= rating.Unrated; o++ {
		fmt.Fprintf(s.err, " %d %s", result.Outcomes[o], o)
	}
	fmt.Fprintln(s.err)
	return nil
}

// rateConfig says how files are rated under a tariff.
func (f memoryFlag) rateConfig(t *loadedTariff) (files.Config, error) {
	const most = 1 << 20
	if f.MemoryMB < 1 || f.MemoryMB > most {
		return files.Config{}, usagef("--memory-mb %d: want 1 to %d", f.MemoryMB, most)
	}
	// The collector works harder rather than let the heap grow to twice the budget.
	debug.SetMemoryLimit((f.MemoryMB + 400) << 20)
	return files.Config{
		Tariff:  t.Tariff,
		Decoder: func() *events.Decoder { return newDecoder(t.Tariff) },
		Line: func() func([]byte, *rating.Message) []byte {
			return newLineEncoder(t.Rows.Version).append
		},
		Memory: f.MemoryMB << 20,
	}, nil
}

// eventFiles are the inputs that a command line names. A name that does not exist
// is a wrong use, found before any work is done.
func eventFiles(names []string, stdin io.Reader) ([]files.Input, error) {
	if len(names) == 0 {
		names = []string{"-"}
	}
	var inputs []files.Input
	for _, name := range names {
		if name == "-" {
			inputs = append(inputs, files.Input{Name: "stdin", Open: func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }})
			continue
		}
		if err := checkFile(name); err != nil {
			return nil, err
		}
		inputs = append(inputs, files.Input{Name: name, Open: func() (io.ReadCloser, error) {
			f, err := os.Open(name)
			if err != nil {
				return nil, usageError{err}
			}
			return f, nil
		}})
	}
	return inputs, nil
}

// checkFile says that a name is no file, as far as can be seen without reading it.
func checkFile(name string) error {
	switch info, err := os.Stat(name); {
	case errors.Is(err, fs.ErrNotExist):
		return usageError{err}
	case err == nil && info.IsDir():
		return usagef("%s is a folder; name files", name)
	}
	return nil
}

// talk is the key of a conversation.
type talk struct{ sender, user string }

type record struct {
	value []byte
	err   error
}

// records yields the lines of a file that are not blank, without their ends, with
// their numbers from 1. A value is valid until the next one.
func records(in io.Reader) iter.Seq2[int, record] {
	return func(yield func(int, record) bool) {
		r := bufio.NewReaderSize(in, 1<<20)
		var long []byte
		for n := 1; ; n++ {
			line, err := r.ReadSlice('\n')
			if errors.Is(err, bufio.ErrBufferFull) {
				long = append(long[:0], line...)
				for errors.Is(err, bufio.ErrBufferFull) {
					line, err = r.ReadSlice('\n')
					long = append(long, line...)
				}
				line = long
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield(n, record{err: err})
				return
			}
			if n == 1 {
				line = bytes.TrimPrefix(line, []byte("\ufeff"))
			}
			if len(bytes.TrimSpace(line)) > 0 && !yield(n, record{value: bytes.TrimRight(line, "\r\n")}) {
				return
			}
			if err != nil {
				return
			}
		}
	}
}
