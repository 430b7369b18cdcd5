package closing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"slices"
)

// Approval says who wants the documents of a month issued, and why.
type Approval struct{ By, Why string }

// Why nothing was issued.
var (
	ErrUnapproved    = errors.New("nothing was issued: it has not been approved")
	ErrReviewChanged = errors.New("nothing was issued: what would be issued is not what was reviewed, so look at it again")
	ErrBlocked       = errors.New("nothing was issued: there are blocking exceptions")
)

// approvalSetting is the setting, for all accounts (*), by which a house does
// without approvals: none. Anything else requires them.
const approvalSetting = "close_approval"

// waived is the row of settings.csv by which a month needs no approval, or nil.
func (c *Closer) waived(m rating.Month) *rating.SettingRow {
	if row := c.Tariff.SettingOn("*", approvalSetting, m.Last()); row != nil && row.Value == "none" {
		return row
	}
	return nil
}

func (c *Closer) approved(m rating.Month) bool { return c.Approval != nil || c.waived(m) != nil }

// review shows what there is to approve, keeps its name in the books, and says why
// nothing was issued. Where there is nothing to issue, it completes what an earlier
// close may have left.
func (c *Closer) review(ctx context.Context, m rating.Month, refused error) (*Result, error) {
	a, err := c.propose(ctx, m, true)
	if err != nil {
		return nil, err
	}
	r, err := c.examine(ctx, a, reports.DraftRun)
	if err != nil {
		return nil, err
	}
	closed, err := c.Books.Month(ctx, m)
	switch {
	case err != nil:
		return nil, err
	case closed != nil && r.documents() == 0 && !blocked(r.Exceptions):
		r.Kind = reports.AdjustmentRun
		return r, c.completeAll(ctx, m, a.first().Evaluation)
	}
	if r.Refused = refused; blocked(r.Exceptions) {
		r.Refused = ErrBlocked // and it cannot be approved
	} else if err := c.Books.SaveReview(ctx, books.Review{Month: m, Accounts: c.Accounts, ID: r.Review, Exceptions: r.Exceptions, At: c.Now}); err != nil {
		return nil, err
	}
	return r, a.first().finish(ctx)
}

// examine lists the exceptions of all that there is to issue, and names it as a whole.
func (c *Closer) examine(ctx context.Context, a *agenda, kind reports.RunKind) (*Result, error) {
	unknown, err := c.unknownDocuments(ctx)
	if err != nil {
		return nil, err
	}
	a.first().exceptions = append(a.first().exceptions, unknown...)
	var all []*Result
	for _, p := range a.proposals {
		r := &Result{Evaluation: p.Evaluation, Kind: p.Run.Kind, Documents: documentsOf(p.issue)}
		var err error
		if r.Exceptions, err = c.check(ctx, p); err != nil {
			return nil, err
		}
		if r.Review, err = reviewOf(p.issue, r.Exceptions); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	first := all[0]
	first.Kind, first.Late = kind, all[1:]
	for _, late := range first.Late {
		for _, e := range late.Exceptions {
			e.Problem = late.Run.Month.String() + ": " + e.Problem
			first.Exceptions = append(first.Exceptions, e)
		}
		sum := sha256.Sum256([]byte(first.Review + late.Review))
		first.Review = hex.EncodeToString(sum[:8])
	}
	return first, nil
}

// reviewOf names all that would be issued, whenever and up to whatever cut-off,
// and the exceptions as far as they are of the same kind: 16 hexadecimal digits.
func reviewOf(issue *books.Issue, exceptions []reports.Exception) (string, error) {
	h := sha256.New()
	out := json.NewEncoder(h)
	err := out.Encode([]any{issue.Run.Month, issue.Run.Tariff, issue.Run.Accounts, issue.Based, issue.Statements})
	for _, draft := range issue.Documents {
		d := *draft.Document
		d.IssuedOn, d.DueOn = rating.Date{}, rating.Date{}
		err = errors.Join(err, out.Encode(d))
	}
	for _, e := range exceptions {
		err = errors.Join(err, out.Encode([]any{e.Severity, e.Code, e.Account}))
	}
	if err != nil {
		return "", fmt.Errorf("review of %s: %w", issue.Run.Month, err)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// approve decides whether what is about to be issued was approved: it is what was
// shown last, or nothing was shown since the last close.
func (c *Closer) approve(ctx context.Context, m rating.Month, r *Result) (books.Approval, error) {
	if blocked(r.Exceptions) {
		return books.Approval{}, ErrBlocked
	}
	approval := books.Approval{Review: r.Review}
	if c.Approval == nil {
		row := c.waived(m)
		approval.By, approval.Why = row.String(), approvalSetting+" is none"
		return approval, nil
	}
	approval.By, approval.Why = c.Approval.By, c.Approval.Why
	shown, err := c.Books.LastReview(ctx, m, c.Accounts)
	if err != nil {
		return approval, err
	}
	switch {
	case r.documents() == 0: // nothing to look at
	case shown == "":
		c.Logger.Warn("nobody has looked at the drafts before: approved unseen", "month", m, "review", r.Review, "by", approval.By)
	case shown != r.Review:
		return approval, ErrReviewChanged
	}
	return approval, nil
}

func blocked(exceptions []reports.Exception) bool {
	return slices.ContainsFunc(exceptions, func(e reports.Exception) bool { return e.Severity == reports.Blocking })
}
