package reports

// Difference is one thing in the books that is not as it was issued, or does not
// come out again from what it was made from.
type Difference struct {
	Number  string         `json:"number,omitempty"` // of the document; "" where it concerns a run
	Run     string         `json:"run,omitempty"`
	Month   string         `json:"month,omitempty"`
	Account string         `json:"account,omitempty"`
	Code    DifferenceCode `json:"code"`
	Problem string         `json:"problem"` // in words, with what was found and what was expected
}

// DifferenceCode tells differences apart for a program.
type DifferenceCode string

// The codes.
const (
	ChainBroken         DifferenceCode = "chain_broken"         // a number is missing, or a hash does not follow on the one before
	ContentAltered      DifferenceCode = "content_altered"      // document, statement, inputs or tariff are not what was sealed
	FileAltered         DifferenceCode = "file_altered"         // the bytes of a file are not those that were issued
	FileMissing         DifferenceCode = "file_missing"         // a file has not been drawn
	AmountsDiffer       DifferenceCode = "amounts_differ"       // the document does not add up, or not to its statement
	StatementDiffers    DifferenceCode = "statement_differs"    // rating the log again gives another statement
	LogIncomplete       DifferenceCode = "log_incomplete"       // the log lacks rows that were there at the close
	ProjectionDiffers   DifferenceCode = "projection_differs"   // ClickHouse says something else than the books
	ProjectionMissing   DifferenceCode = "projection_missing"   // ClickHouse has not been told yet
	ApprovalMissing     DifferenceCode = "approval_missing"     // issued and approved by nobody
	VerificationFailure DifferenceCode = "verification_failure" // it could not be recomputed at all
)

// String is the difference in one line.
func (d *Difference) String() string {
	s := string(d.Code) + ": "
	for _, part := range []string{d.Number, d.Run, d.Account} {
		if part != "" {
			s = part + " " + s
			break
		}
	}
	return s + d.Problem
}
