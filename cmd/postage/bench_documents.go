package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"postage/reports/closing"
	"postage/reports/ubl"
	"postage/schemas/events"
	"postage/schemas/events/traffic"
	"postage/schemas/tariff"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"
)

// benchDocumentsCommand is `postage bench documents`: invoices are composed from
// statements of the example tariff's accounts and written as files in every format
// of a close, on all cores. Making the statements is not measured.
type benchDocumentsCommand struct {
	JSON      bool `name:"json" help:"One JSON object."`
	Documents int  `default:"1000" placeholder:"N" help:"Invoices to write (default ${default})."`
	Messages  int  `default:"14000" placeholder:"N" help:"Outbound messages behind the statements (default ${default}, about 40 lines an invoice)."`
}

// documentFigures is what the benchmark prints.
type documentFigures struct {
	Documents        int     `json:"documents"`
	LinesPerDocument float64 `json:"lines_per_document"`
	Files            int64   `json:"files"` // fewer than three a document where an e-invoice cannot say it
	Seconds          float64 `json:"seconds"`
	CPUSeconds       float64 `json:"cpu_seconds"`     // of all cores: what a busy machine tells of the truth
	DocumentsPerS    int64   `json:"documents_per_s"` // composed, and written in all formats
	PDFPerS          int64   `json:"pdf_per_s"`       // of each format, by the time spent in it
	XLSXPerS         int64   `json:"xlsx_per_s"`
	UBLPerS          int64   `json:"ubl_per_s"`
	BytesPerDocument int64   `json:"bytes_per_document"` // all files
	PeakRSSMB        int64   `json:"peak_rss_mb"`        // of this process, the statements included
	Cores            int     `json:"cores"`
	Machine          string  `json:"machine"`
}

func (c *benchDocumentsCommand) Run(ctx context.Context, s *streams) (err error) {
	if c.Documents < 1 || c.Messages < 1 {
		return usagef("--documents %d --messages %d: want at least 1", c.Documents, c.Messages)
	}
	month := rating.Month{Year: 2026, Month: time.October}
	composer := &reports.Composer{IssuedOn: month.Last().AddDays(3), Example: true}
	statements, err := exampleStatements(composer, month, c.Messages)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "postage-bench-*")
	if err != nil {
		return err
	}
	defer closeWith(&err, "folder", func() error { return os.RemoveAll(dir) })

	runtime.GC()
	resetPeakRSS()
	w := &documentBench{composer: composer, statements: statements, dir: dir, spent: make([]atomic.Int64, len(closing.Formats))}
	began, cpu := time.Now(), cpuTime()
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range c.Documents {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return w.write(i)
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	took, cpuUsed := time.Since(began), cpuTime()-cpu
	f := w.figures(c.Documents, took)
	f.CPUSeconds = cpuUsed.Seconds()
	if c.JSON {
		return json.NewEncoder(s.out).Encode(f)
	}
	_, err = fmt.Fprintf(s.out, "%d invoices of %.1f lines on %d cores: %d files in %.1f s, %d documents/s (pdf %d/s, xlsx %d/s, ubl %d/s); %d bytes a document, peak memory %d MB\n",
		f.Documents, f.LinesPerDocument, f.Cores, f.Files, f.Seconds, f.DocumentsPerS, f.PDFPerS, f.XLSXPerS, f.UBLPerS, f.BytesPerDocument, f.PeakRSSMB)
	return err
}

// documentBench writes documents and counts.
type documentBench struct {
	composer            *reports.Composer
	statements          []*rating.Statement
	dir                 string
	spent               []atomic.Int64 // ns, by format
	files, bytes, lines atomic.Int64
}

// write composes invoice i and writes its files. No two are alike: quantities,
// numbers and names differ.
func (w *documentBench) write(i int) error {
	d, err := w.composer.Invoice(grown(w.statements[i%len(w.statements)], int64(1+i)))
	if err != nil {
		return err
	}
	d.Number = fmt.Sprintf("%s-%06d", w.composer.Series(d), i+1)
	d.Customer.Name = fmt.Sprintf("%s, branch %d", d.Customer.Name, i+1)
	w.lines.Add(int64(len(d.Lines)))
	for k, format := range closing.Formats {
		began := time.Now()
		path := filepath.Join(w.dir, d.Number+format.Ext)
		n, err := writeDocument(path, format, d)
		w.spent[k].Add(int64(time.Since(began)))
		switch {
		case errors.Is(err, ubl.ErrNotExpressible):
		case err != nil:
			return err
		default:
			w.files.Add(1)
			w.bytes.Add(n)
		}
	}
	return nil
}

func writeDocument(path string, format closing.Format, d *reports.Document) (n int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer closeWith(&err, path, f.Close)
	if err := format.Write(f, d); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (w *documentBench) figures(documents int, took time.Duration) documentFigures {
	f := documentFigures{
		Documents: documents, Files: w.files.Load(), Seconds: took.Seconds(), DocumentsPerS: perSecond(int64(documents), took),
		LinesPerDocument: float64(w.lines.Load()) / float64(documents), BytesPerDocument: w.bytes.Load() / int64(documents),
		PeakRSSMB: peakRSS() >> 10, Cores: runtime.GOMAXPROCS(0), Machine: machineName(),
	}
	workers := int64(min(f.Cores, documents))
	for k, format := range closing.Formats {
		rate := perSecond(int64(documents)*workers, time.Duration(max(1, w.spent[k].Load())))
		switch format.Name {
		case "pdf":
			f.PDFPerS = rate
		case "xlsx":
			f.XLSXPerS = rate
		case "ubl":
			f.UBLPerS = rate
		}
	}
	return f
}

// grown is a statement with more usage, every line rounded anew.
func grown(s *rating.Statement, times int64) *rating.Statement {
	g := *s
	g.Lines, g.Exact, g.Billed = nil, decimal.Decimal{}, decimal.Decimal{}
	for _, l := range s.Lines {
		if l.Kind == rating.UsageLine {
			l.Quantity *= times
			l.Exact = l.Exact.Mul(decimal.NewFromInt(times))
			l.Billed = rating.RoundBilled(l.Exact, s.Currency)
		}
		g.Lines, g.Exact, g.Billed = append(g.Lines, l), g.Exact.Add(l.Exact), g.Billed.Add(l.Billed)
	}
	g.Residue = g.Billed.Sub(g.Exact)
	return &g
}

// exampleStatements rates made-up traffic under the example tariff, which the
// composer is given.
func exampleStatements(c *reports.Composer, month rating.Month, messages int) ([]*rating.Statement, error) {
	rows, err := tariff.Read(tariff.Example)
	if err != nil {
		return nil, err
	}
	if c.Tariff, err = rating.NewTariff(rows); err != nil {
		return nil, err
	}
	accounts, err := traffic.AccountsOf(rows, month, 0)
	if err != nil {
		return nil, err
	}
	g, err := traffic.New(traffic.Config{Month: month, Messages: messages, Seed: 1, Accounts: accounts})
	if err != nil {
		return nil, err
	}
	conversations := map[string][]rating.Event{}
	decoder := &events.Decoder{}
	for record := range g.Records() {
		items, _ := decoder.Decode(nil, record.Value, record.Arrived)
		for _, i := range items {
			key := i.Event.Sender + "|" + i.Event.User
			conversations[key] = append(conversations[key], i.Event)
		}
	}
	rated, err := rating.Evaluate(c.Tariff, func(yield func([]rating.Event, error) bool) {
		for _, events := range conversations {
			if !yield(events, nil) {
				return
			}
		}
	}, nil)
	if err != nil {
		return nil, err
	}
	var statements []*rating.Statement
	for _, account := range c.Tariff.Accounts(month) {
		f := rating.NewFolder(c.Tariff, account, month)
		for _, m := range rated.Messages {
			if m.Account == account && m.StatementMonth() == month {
				f.Add(m)
			}
		}
		f.AddInbounds(rated.Inbounds)
		s, err := f.Statement()
		if err != nil {
			return nil, err
		}
		statements = append(statements, s)
	}
	return statements, nil
}
