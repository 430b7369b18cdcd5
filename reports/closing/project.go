package closing

import (
	"context"
	"fmt"
	"maps"
	"postage/reports"
	"postage/reports/books"
	"slices"
)

// Project makes a store for analysts say what the books say: it adds what is
// missing, replaces what differs and removes what the books do not have. It returns how
// many documents it wrote.
func Project(ctx context.Context, b *books.Books, to reports.BookStore) (written int, err error) {
	hashes, err := b.Hashes(ctx)
	if err != nil {
		return 0, err
	}
	there, err := to.Documents(ctx)
	if err != nil {
		return 0, err
	}
	closes, err := b.Closes(ctx)
	if err != nil {
		return 0, err
	}
	closesThere, err := to.Closes(ctx)
	if err != nil {
		return 0, err
	}
	var wanted, gone, goneRuns []string
	for number, hash := range hashes {
		if t, ok := there[number]; !ok || t.SHA256 != hash || !t.Net.Equal(t.Lines) || !t.Net.Add(t.Tax).Equal(t.Gross) {
			wanted = append(wanted, number)
		}
	}
	for number := range there {
		if _, ok := hashes[number]; !ok {
			gone = append(gone, number)
		}
	}
	missing := slices.DeleteFunc(slices.Clone(closes), func(c reports.BookClose) bool { return closesThere[c.Run.ID] })
	for _, c := range closes {
		delete(closesThere, c.Run.ID)
	}
	for run := range closesThere {
		goneRuns = append(goneRuns, run)
	}
	if err := to.Forget(ctx, gone, goneRuns); err != nil {
		return 0, fmt.Errorf("books in ClickHouse: %w", err)
	}
	if err := to.SaveCloses(ctx, missing); err != nil {
		return 0, fmt.Errorf("books in ClickHouse: %w", err)
	}
	slices.Sort(wanted)
	const portion = 500
	for numbers := range slices.Chunk(wanted, portion) {
		if err := projectDocuments(ctx, b, to, numbers); err != nil {
			return 0, fmt.Errorf("books in ClickHouse: %w", err)
		}
	}
	return len(wanted), nil
}

// unknownDocuments says that analysts have been told of documents that the books do not have:
// their numbers would be given a second time.
func (c *Closer) unknownDocuments(ctx context.Context) ([]reports.Exception, error) {
	if c.Analysts == nil {
		return nil, nil
	}
	there, err := c.Analysts.Documents(ctx)
	if err != nil {
		return nil, err
	}
	hashes, err := c.Books.Hashes(ctx)
	if err != nil {
		return nil, err
	}
	for number := range hashes {
		delete(there, number)
	}
	if len(there) == 0 {
		return nil, nil
	}
	first := slices.Min(slices.Collect(maps.Keys(there)))
	return []reports.Exception{blocking("books_behind", "", fmt.Sprintf("%s of ClickHouse, %s the first, missing in the books: numbers would be given a second time", documents(len(there)), first),
		"restore a newer backup of the books (postage books restore); or, if nobody was ever sent those documents, have ClickHouse forget them: postage books project")}, nil
}

func documents(n int) string {
	if n == 1 {
		return "1 document"
	}
	return fmt.Sprintf("%d documents", n)
}

func projectDocuments(ctx context.Context, b *books.Books, to reports.BookStore, numbers []string) error {
	entries, err := b.Entries(ctx, numbers...)
	if err != nil {
		return err
	}
	documents := make([]reports.BookDocument, len(entries))
	for i := range entries {
		e := &entries[i]
		documents[i] = reports.BookDocument{Document: e.Document, Series: e.Series, Sequence: e.Sequence, Run: e.Run.ID, Version: e.Version, SHA256: e.SHA256}
	}
	return to.SaveDocuments(ctx, documents)
}

// projectedDocuments compares what a store for analysts says of documents with the
// books; with whole, what it has besides too.
func projectedDocuments(ctx context.Context, from reports.BookStore, entries []books.Entry, whole bool) ([]reports.Difference, error) {
	there, err := from.Documents(ctx)
	if err != nil {
		return nil, err
	}
	var found []reports.Difference
	for i := range entries {
		e := &entries[i]
		d := &e.Document
		switch t, ok := there[e.Number]; {
		case !ok:
			found = append(found, difference(e, reports.ProjectionMissing, "ClickHouse does not have it; run postage books project"))
		case t.SHA256 != e.SHA256 || !t.Net.Equal(d.Net) || !t.Tax.Equal(d.Tax) || !t.Gross.Equal(d.Gross) || !t.Lines.Equal(d.Net):
			found = append(found, difference(e, reports.ProjectionDiffers, "in ClickHouse net %s, tax %s, gross %s, lines %s, hash %.12s; issued were %s, %s, %s, hash %.12s; run postage books project",
				t.Net, t.Tax, t.Gross, t.Lines, t.SHA256, d.Net, d.Tax, d.Gross, e.SHA256))
		}
		delete(there, e.Number)
	}
	if !whole {
		return found, nil
	}
	for number := range there {
		found = append(found, reports.Difference{Number: number, Code: reports.ProjectionDiffers, Problem: "ClickHouse has it and the books have not: they were restored from an older backup, or it was deleted from them"})
	}
	return found, nil
}
