package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"postage/rating"
	"postage/schemas/tariff"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// cli is the command line. One file per subcommand holds its struct and its Run.
type cli struct {
	Demo    demoCommand    `cmd:"" help:"A month of made-up traffic through the whole pipeline, on the embedded engines."`
	Ingest  ingestCommands `cmd:"" help:"Consume events from Kafka into the log; status: is it complete?"`
	Load    loadCommand    `cmd:"" help:"Load files of events into the log: a backfill."`
	Rate    rateCommand    `cmd:"" help:"Rate events offline: events in, one JSON line per outbound message out."`
	Close   closeCommand   `cmd:"" help:"Close a month: statements, invoices, and later the adjustments."`
	Correct correctCommand `cmd:"" help:"Correct the prices of a closed month: credit and debit notes, with a reason."`
	Report  reportCommand  `cmd:"" help:"Export a month: CSV, Parquet, the workbook, the journal."`
	Journal journalCommand `cmd:"" help:"Double entries of a month for the general ledger, as CSV."`
	Verify  verifyCommand  `cmd:"" help:"Recompute invoices and notes from the log; say what differs."`
	Books   booksCommand   `cmd:"" help:"Back up and restore the books, and tell ClickHouse what they say."`
	Refused refusedCommand `cmd:"" help:"Look at what was refused, and send it through the front door again."`
	Tariff  tariffCommand  `cmd:"" help:"Check, compare, import and export tariffs."`
	Events  eventsCommand  `cmd:"" help:"Generate made-up events, or validate real ones."`
	Bench   benchCommand   `cmd:"" help:"Measure the hot paths on this machine."`
	Version versionCommand `cmd:"" help:"Print the version."`

	Verbose   bool   `short:"v" help:"Log what is done, not only what goes wrong."`
	LogFormat string `name:"log-format" enum:"text,json" default:"text" help:"Format of the log: text or json (default ${default}). Numbers of users are masked in either."`
}

// streams are the program's input and output. Results go to out; progress, logs
// and errors to err.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
	log *slog.Logger
}

// usageError is a wrong use of the command line: exit status 2.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run executes one command line and returns the exit status. An interrupt cancels
// the command's context: it finishes what it has in hand and stops.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	var c cli
	exited := -1
	parser := kong.Must(&c,
		kong.Name("postage"),
		kong.Description("Meters and bills WhatsApp Business messages: events from Kafka, rated by country, volume and package, kept in ClickHouse, out as invoices and workbooks."),
		kong.Writers(out, errOut),
		kong.Exit(func(status int) { exited = status }),
		kong.UsageOnError(),
		kong.Vars{"origin_help": originHelp},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	command, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintf(errOut, "postage: %v\nRun \"postage --help\" or \"postage COMMAND --help\".\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &streams{in, out, errOut, newLogger(errOut, c.LogFormat, c.Verbose)}
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(s)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(errOut, "postage: interrupted")
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintf(errOut, "postage: %v\n", err)
		return exitUsage
	default:
		fmt.Fprintf(errOut, "postage: %v\n", err)
		return exitFailed
	}
}

// tariffFlag names a tariff.
type tariffFlag struct {
	Tariff string `required:"" placeholder:"DIR|FILE.xlsx" help:"Folder with the tariff's CSV files, XLSX workbook with the same sheets, or \"example\" for the built-in one."`
}

// loadLenient is load for those who only look: what a check of the whole tariff
// finds is reported, and messages it leaves without account or price are unrated.
func (f tariffFlag) loadLenient(report io.Writer) (*loadedTariff, error) {
	return f.open(func(faults error) { fmt.Fprintf(report, "%v\n", faults) })
}

// load is for those who bill: a tariff with any fault is refused.
func (f tariffFlag) load() (*loadedTariff, error) { return f.open(nil) }

// loadedTariff is a tariff ready for use, with the content that a close pins.
type loadedTariff struct {
	*rating.Tariff
	content []byte
	example bool
}

func (t *loadedTariff) tariffOrNil() *rating.Tariff {
	if t == nil {
		return nil
	}
	return t.Tariff
}

// open reads the tariff that the flag names. Faults that leave all rows readable
// go to tolerate, when there is one.
func (f tariffFlag) open(tolerate func(error)) (*loadedTariff, error) {
	files, err := tariffFiles(f.Tariff)
	if err != nil {
		return nil, err
	}
	return loadTariff(files, f.Tariff == "example", tolerate)
}

func loadTariff(files fs.FS, example bool, tolerate func(error)) (*loadedTariff, error) {
	rows, err := tariff.Read(files)
	switch {
	case err != nil && (rows == nil || tolerate == nil):
		return nil, err
	case err != nil:
		tolerate(err)
	}
	content, err := tariff.Canonical(files)
	if err != nil {
		return nil, err
	}
	t, err := rating.NewTariff(rows)
	if err != nil {
		return nil, fmt.Errorf("tariff: %w", err)
	}
	return &loadedTariff{t, content, example}, nil
}

// thawTariff reads a tariff back from the content that a close pinned.
func thawTariff(content []byte) (*rating.Tariff, error) {
	files, err := tariff.FromCanonical(content)
	if err != nil {
		return nil, err
	}
	t, err := loadTariff(files, false, nil)
	if err != nil {
		return nil, err
	}
	return t.Tariff, nil
}

// defaultDataDir is where the embedded engines and the books keep their data
// unless --data says otherwise.
func defaultDataDir() string {
	if dir, err := os.UserConfigDir(); err == nil {
		return filepath.Join(dir, "postage")
	}
	return "postage-data"
}

type versionCommand struct{}

func (versionCommand) Run(s *streams) error {
	version := "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				version += " " + setting.Value
			}
		}
	}
	_, err := fmt.Fprintln(s.out, "postage", version)
	return err
}
