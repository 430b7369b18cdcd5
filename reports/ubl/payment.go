package ubl

import (
	"postage/reports/wording"
	"regexp"
	"strings"
)

// creditTerms answers BR-CO-25 on a credit note, which has no due date.
const creditTerms = "The amount is owed to the customer."

// Means of payment, as UNCL 4461 codes them.
const (
	undefined      = "1"
	creditTransfer = "30"
)

// payment is how an invoice is to be paid: by transfer to the IBAN in the bank details,
// or, when there is none that is valid, as the details say in words.
func (b *builder) payment() (means *paymentMeans, terms *note) {
	details := strings.Join(wording.Lines(b.Bank), ", ")
	if details == "" {
		return nil, nil
	}
	means = &paymentMeans{Code: undefined, PaymentID: wording.Line(b.Number)}
	iban := findIBAN(details)
	if iban == "" {
		return means, &note{"Payable to: " + details}
	}
	means.Code = creditTransfer
	means.Account = &account{ID: iban, Name: first(b.Seller.Name)}
	if bic := findBIC(details); bic != "" {
		means.Account.Branch = &branch{bic}
	}
	return means, nil
}

var (
	ibanLike = regexp.MustCompile(`\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}`)
	bicLike  = regexp.MustCompile(`(?i:\b(?:BIC|SWIFT)\b)[^A-Z0-9]*([A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)\b`)
)

// findIBAN finds an account number whose check digits are right. What follows it may
// look like more of it, so ever shorter readings are tried.
func findIBAN(details string) string {
	for _, found := range ibanLike.FindAllString(details, -1) {
		number := strings.ReplaceAll(found, " ", "")
		for n := min(len(number), 34); n >= 15; n-- {
			if ibanChecks(number[:n]) {
				return number[:n]
			}
		}
	}
	return ""
}

// ibanChecks says whether the check digits of an IBAN are right (ISO 7064, mod 97-10).
func ibanChecks(number string) bool {
	rest := 0
	for _, c := range number[4:] + number[:4] {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest == 1
}

func findBIC(details string) string {
	if m := bicLike.FindStringSubmatch(details); m != nil {
		return m[1]
	}
	return ""
}
