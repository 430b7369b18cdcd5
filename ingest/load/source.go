package load

import (
	"context"
	"errors"
	"io"
	"postage/ingest"
	"postage/rating"
	"time"
)

// Source gives out the records of files, one file after the other, as an
// ingest.Source. The time of a record is that of loading: what happened may lie
// any number of years before it.
type Source struct {
	files []*File
	open  *opened

	// Resumed is told, for each file, the offset where reading begins: 0, further on
	// when a load was interrupted, its End when all is in the log.
	Resumed func(f *File, from int64)
}

// NewSource returns a source of files of different topics.
func NewSource(files []*File, resumed func(*File, int64)) *Source {
	return &Source{files: files, Resumed: resumed}
}

// Next implements ingest.Source: this process owns the files.
func (s *Source) Next(ctx context.Context) (ingest.Generation, error) {
	return &generation{source: s}, ctx.Err()
}

// Close closes the file being read.
func (s *Source) Close() error {
	if s.open != nil {
		s.open.close()
		s.open = nil
	}
	return nil
}

// generation implements ingest.Generation. It never ends: no group takes files
// away.
type generation struct {
	source *Source
	from   map[ingest.Partition]int64
	done   int // files
	now    rating.Instant
}

func partitionOf(f *File) ingest.Partition { return ingest.Partition{Topic: f.Topic} }

func (g *generation) Owned() map[ingest.Partition]int64 {
	owned := map[ingest.Partition]int64{}
	for _, f := range g.source.files {
		owned[partitionOf(f)] = 0
	}
	return owned
}

func (g *generation) Bounds(context.Context) (map[ingest.Partition]ingest.Bounds, error) {
	bounds := map[ingest.Partition]ingest.Bounds{}
	for _, f := range g.source.files {
		bounds[partitionOf(f)] = ingest.Bounds{Next: f.End}
	}
	return bounds, nil
}

func (g *generation) Start(from map[ingest.Partition]int64) {
	g.from = from
	g.now = rating.At(time.Now())
	for _, f := range g.source.files {
		g.source.Resumed(f, from[partitionOf(f)])
	}
}

func (g *generation) Fetch(ctx context.Context, dst []ingest.Message) ([]ingest.Message, error) {
	s := g.source
	for before := len(dst); len(dst) == before; {
		if err := ctx.Err(); err != nil {
			return dst, err
		}
		if s.open == nil {
			if g.done == len(s.files) {
				<-ctx.Done()
				return dst, ctx.Err()
			}
			f := s.files[g.done]
			from := g.from[partitionOf(f)]
			if from >= f.End {
				g.done++
				continue
			}
			var err error
			if s.open, err = f.open(from); err != nil {
				return dst, err
			}
		}
		var err error
		dst, err = s.open.fetch(dst, g.now)
		if errors.Is(err, io.EOF) {
			s.open.close()
			s.open = nil
			g.done++
		} else if err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// Commit has nothing to do: the ledger says how far a file has been loaded.
func (g *generation) Commit(context.Context, map[ingest.Partition]int64) error { return nil }
