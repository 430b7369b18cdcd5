package main

import (
	"context"
	"encoding/json"
	"fmt"
	"postage/reports"
	"postage/reports/closing"
)

// verifyCommand is `postage verify`.
type verifyCommand struct {
	engineFlags
	Number []string `arg:"" optional:"" placeholder:"INVOICE" help:"Numbers of invoices and notes to recompute."`
	All    bool     `help:"Recompute everything that was ever issued, and check the books as a whole."`
	JSON   bool     `name:"json" help:"Print the differences as JSON."`
}

// Help is the long help.
func (*verifyCommand) Help() string {
	return `Every document pins how far the log was read and the content of its tariff. verify rates the month again
from just that and compares, line by line; it checks the chain of hashes, the bytes of the files, that the log still has
what the close has seen, and that ClickHouse says the same. It names every difference; then the exit status is 1.`
}

func (c *verifyCommand) Run(ctx context.Context, s *streams) (err error) {
	if c.All == (len(c.Number) > 0) {
		return usagef("say which invoices to verify, or --all")
	}
	e := &engines{}
	defer closeWith(&err, "engines", e.Close)
	b, err := c.existingBooks(ctx, e)
	if err != nil {
		return err
	}
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	log := &watchedLog{EventLog: e.store}
	v := &closing.Verifier{Log: log, Books: b, Analysts: e.store, Thaw: thawTariff, Logger: s.log, LogFaults: e.lostSince, Projected: e.projectedTotals}
	stop := log.show(ctx, s)
	result, err := v.Verify(ctx, c.Number...)
	stop()
	if err != nil {
		return err
	}
	if c.JSON {
		if result.Differences == nil {
			result.Differences = []reports.Difference{}
		}
		if err := json.NewEncoder(s.out).Encode(result); err != nil {
			return err
		}
	} else {
		for i := range result.Differences {
			fmt.Fprintln(s.out, result.Differences[i].String())
		}
		fmt.Fprintf(s.out, "%d documents of %d runs recomputed from the log, %d differences\n", result.Documents, result.Runs, len(result.Differences))
	}
	if n := len(result.Differences); n > 0 {
		return fmt.Errorf("verify: %d differences", n)
	}
	return nil
}

// lostSince lists what the log lacks below a cut-off: faults of its partitions, and
// ends that lie before it.
func (e *engines) lostSince(ctx context.Context, upTo reports.Cutoff) ([]string, error) {
	states, err := e.store.Completeness(ctx)
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, c := range upTo {
		end := int64(0)
		for i := range states {
			if p := &states[i]; p.Topic == c.Topic && p.Partition == c.Partition {
				faults = append(faults, p.Faults()...)
				end = p.End
			}
		}
		if end < c.Offset {
			faults = append(faults, fmt.Sprintf("topic %s, partition %d: it ends at offset %d, and the close had read it to %d; rows were lost: restore them from a backup, or ingest them again", c.Topic, c.Partition, end, c.Offset))
		}
	}
	return faults, nil
}

// projectedTotals are the statements of a run as SQL adds them up.
func (e *engines) projectedTotals(ctx context.Context, runID string) (map[string]closing.ProjectedTotal, error) {
	totals, err := e.store.StatementTotals(ctx, runID)
	if err != nil {
		return nil, err
	}
	byAccount := make(map[string]closing.ProjectedTotal, len(totals))
	for _, t := range totals {
		byAccount[t.Account] = closing.ProjectedTotal{Statement: t.Billed, Lines: t.FromLines, Charges: t.FromCharges, Agrees: t.Agrees}
	}
	return byAccount, nil
}
