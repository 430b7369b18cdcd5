package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"postage/rating"
	"postage/reports/sheets"
	"runtime"
	"time"

	"github.com/shopspring/decimal"
)

// benchXLSXCommand is `postage bench xlsx`: rows of twelve cells (text, numbers,
// dates), like those of the workbook's Detail, written as the workbook writes them
// and by excelize's StreamWriter with its own zip, in turns.
type benchXLSXCommand struct {
	JSON bool `name:"json" help:"One JSON object."`
	Rows int  `default:"1000000" placeholder:"N" help:"Rows to write (default ${default}; a sheet holds 1048576)."`
	Runs int  `default:"3" placeholder:"N" help:"How often to write each; the best counts (default ${default})."`
}

// xlsxFigures is what the benchmark prints.
type xlsxFigures struct {
	Rows            int     `json:"rows"`
	Columns         int     `json:"columns"`
	RowsPerS        int64   `json:"rows_per_s"`
	BaselinePerS    int64   `json:"baseline_rows_per_s"`
	Ratio           float64 `json:"ratio"`
	CPUSeconds      float64 `json:"cpu_seconds"` // of all cores
	BaselineCPU     float64 `json:"baseline_cpu_seconds"`
	CPURatio        float64 `json:"cpu_ratio"`
	Bytes           int64   `json:"bytes"`
	BaselineBytes   int64   `json:"baseline_bytes"`
	PeakRSSMB       int64   `json:"peak_rss_mb"`          // of this process once the first workbook of ours was written
	BaselinePeakRSS int64   `json:"baseline_peak_rss_mb"` // once the first plain one was written too
	Machine         string  `json:"machine"`
	Cores           int     `json:"cores"`
}

func (c *benchXLSXCommand) Run(ctx context.Context, s *streams) error {
	if c.Rows < 1 || c.Rows > 1<<20 {
		return usagef("--rows %d: want 1 to 1048576", c.Rows)
	}
	if c.Runs < 1 {
		return usagef("--runs %d: want at least 1", c.Runs)
	}
	f := xlsxFigures{Rows: c.Rows, Columns: 12, Machine: machineName(), Cores: runtime.GOMAXPROCS(0)}
	var ours, plain cost
	for range c.Runs {
		if err := ctx.Err(); err != nil {
			return err
		}
		bytes, took, err := measuredTable(sheets.WriteTable, c.Rows)
		if err != nil {
			return err
		}
		ours.keepBest(took)
		if f.Bytes = bytes; f.PeakRSSMB == 0 { // later ones would have the other's
			f.PeakRSSMB = peakRSS() >> 10
		}
		bytes, took, err = measuredTable(sheets.WritePlainTable, c.Rows)
		if err != nil {
			return err
		}
		plain.keepBest(took)
		if f.BaselineBytes = bytes; f.BaselinePeakRSS == 0 {
			f.BaselinePeakRSS = peakRSS() >> 10
		}
	}
	f.RowsPerS, f.BaselinePerS = perSecond(int64(c.Rows), ours.wall), perSecond(int64(c.Rows), plain.wall)
	f.Ratio = float64(plain.wall) / float64(ours.wall)
	f.CPUSeconds, f.BaselineCPU = ours.cpu.Seconds(), plain.cpu.Seconds()
	if ours.cpu > 0 {
		f.CPURatio = float64(plain.cpu) / float64(ours.cpu)
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(f)
	}
	_, err := fmt.Fprintf(s.out, "%d rows of %d cells on %d cores: %d rows/s, plain excelize %d rows/s, ratio %.2f (%.2f by processor time); peak memory %d MB\n",
		f.Rows, f.Columns, f.Cores, f.RowsPerS, f.BaselinePerS, f.Ratio, f.CPURatio, f.PeakRSSMB)
	return err
}

func measuredTable(write func(io.Writer, sheets.Table) error, rows int) (int64, cost, error) {
	var out countingWriter
	took, err := measured(func() error { return write(&out, benchTable(rows)) })
	return int64(out), took, err
}

// countingWriter counts the bytes it takes and forgets them.
type countingWriter int64

func (w *countingWriter) Write(b []byte) (int, error) {
	*w += countingWriter(len(b))
	return len(b), nil
}

// benchTable is the workload: ids, numbers and times differ from row to row,
// names repeat as in a month's traffic. It is made on the way, and costs both writers the same.
func benchTable(rows int) sheets.Table {
	markets := [...]string{"United Kingdom", "India", "Germany", "Rest of Africa", "Brazil", "United Arab Emirates", "Rest of Central & Eastern Europe"}
	categories := [...]string{"utility", "marketing", "authentication"}
	accounts := [...]string{"acme", "globex", "initech", "umbrella", "hooli"}
	currencies := [...]string{"GBP", "JPY", "KWD", "EUR", "USD"}
	prices := make([]decimal.Decimal, 60)
	for i := range prices {
		prices[i] = decimal.New(int64(2210+317*i), -5)
	}
	start := rating.At(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC))
	return func(yield func(*sheets.TableRow) bool) {
		row := sheets.TableRow{}
		random := uint64(1)
		for i := range rows {
			random = random*6364136223846793005 + 1442695040888963407
			r := random >> 20
			row.Message = fmt.Sprintf("wamid.HBgMNDQ3NzAwOTAw%016X", random)
			row.User = fmt.Sprintf("+4477%08d", r%100_000_000)
			row.Account, row.Currency = accounts[r%5], currencies[r%5]
			row.Sender = "+44207946000" + string(rune('0'+r%10))
			row.SentAt = start + rating.Instant(i*2671)
			row.DeliveredAt = row.SentAt + rating.Instant(r%90_000)
			row.Reason, row.Category, row.Market = "template_outside_care_window", categories[r%3], markets[r%7]
			row.Tier, row.UnitPrice = int64(r%6)+1, &prices[r%60]
			if !yield(&row) {
				return
			}
		}
	}
}
