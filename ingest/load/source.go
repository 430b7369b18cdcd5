package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"postage/ingest"
	"postage/rating"
	"time"
)

// Source gives out the records of a file as an ingest.Source. The time of a record
// is that of loading: what happened may lie any number of years before it.
type Source struct {
	file    *File
	tenure  ingest.Tenure
	resumed func(from int64)
	open    *opened
	begun   bool
}

// NewSource returns a source of a file. tenure says who loads it: two loads of one
// file have different generations, and the one that began last goes on. resumed is told the offset where reading
// begins: 0, or further on when a load was cut short; it is not told anything when
// all is in the log.
func NewSource(file *File, tenure ingest.Tenure, resumed func(from int64)) *Source {
	return &Source{file: file, tenure: tenure, resumed: resumed}
}

// Next implements ingest.Source: this process owns the file, unless another load of
// it has begun since.
func (s *Source) Next(ctx context.Context) (ingest.Generation, error) {
	if s.begun {
		if err := s.tenure.Prove(ctx); err != nil {
			return nil, fmt.Errorf("another load of this file has begun and goes on with it: %w", err)
		}
	}
	s.begun = true
	if err := s.Close(); err != nil {
		return nil, err
	}
	return &generation{Tenure: s.tenure, source: s}, ctx.Err()
}

// Close closes the file.
func (s *Source) Close() error {
	if s.open != nil {
		s.open.close()
		s.open = nil
	}
	return nil
}

// generation implements ingest.Generation. Nobody takes the file away but another
// load of it, which Prove tells.
type generation struct {
	ingest.Tenure
	source *Source
	from   int64
	done   bool
	now    rating.Instant
}

func (g *generation) partition() ingest.Partition {
	return ingest.Partition{Topic: g.source.file.Topic}
}

func (g *generation) Owned() map[ingest.Partition]int64 {
	return map[ingest.Partition]int64{g.partition(): 0}
}

func (g *generation) Bounds(context.Context) (map[ingest.Partition]ingest.Bounds, error) {
	return map[ingest.Partition]ingest.Bounds{g.partition(): {Next: g.source.file.End}}, nil
}

func (g *generation) Start(from map[ingest.Partition]int64) {
	g.from = from[g.partition()]
	g.done = g.from >= g.source.file.End
	g.now = rating.At(time.Now())
	if !g.done {
		g.source.resumed(g.from)
	}
}

func (g *generation) Fetch(ctx context.Context, dst []ingest.Message) ([]ingest.Message, error) {
	s := g.source
	for before := len(dst); len(dst) == before; {
		if g.done { // nothing more comes
			<-ctx.Done()
		}
		if err := ctx.Err(); err != nil {
			return dst, err
		}
		var err error
		if s.open == nil {
			if s.open, err = s.file.open(g.from); err != nil {
				return dst, err
			}
		}
		dst, err = s.open.fetch(dst, g.now)
		if errors.Is(err, io.EOF) {
			g.done = true
			err = s.Close()
		}
		if err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// Commit has nothing to do: the ledger says how far a file has been loaded.
func (g *generation) Commit(context.Context, map[ingest.Partition]int64) error { return nil }

// Over is nil: a file is nobody else's.
func (g *generation) Over() <-chan struct{} { return nil }

func (g *generation) End() {}

func (g *generation) GiveUp() {}
