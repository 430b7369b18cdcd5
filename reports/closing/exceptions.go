package closing

import (
	"encoding/csv"
	"fmt"
	"io"
	"postage/reports"
)

// writeExceptions writes the exceptions as CSV, with a header, in their order.
func writeExceptions(w io.Writer, exceptions []reports.Exception) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"severity", "code", "account", "amount", "currency", "problem", "fix"}) // errors are kept until Flush
	for _, e := range exceptions {
		amount := ""
		if e.Amount != nil {
			amount = e.Amount.String()
		}
		_ = out.Write([]string{string(e.Severity), e.Code, reports.Harmless(e.Account), amount, e.Currency, reports.Harmless(e.Problem), reports.Harmless(e.Fix)})
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("exceptions: %w", err)
	}
	return nil
}
