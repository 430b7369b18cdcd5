package events

import (
	"postage/rating"
	"strings"
)

// Severity says what becomes of the record or item with a problem.
type Severity uint8

// The severities.
const (
	Refuse  Severity = iota + 1 // the item is refused
	Ignore                      // the member is kept aside in Extra and has no effect
	Unknown                     // a member that format v1 does not know: a later version, or a slip
)

var severityNames = [...]string{"", "refused", "ignored", "unknown"}

func (s Severity) String() string { return severityNames[s] }

// Problem is one thing about a record that its producer may want to mend.
type Problem struct {
	Index    int32 // of the item
	Pointer  string
	Severity Severity
	Reason   string // the reason code, for Refuse
	Found    string
	Expected string
}

// String reads like the Detail of a refusal, with what becomes of it in front.
func (p Problem) String() string {
	f := fault{pointer: p.Pointer, found: p.Found, expected: p.Expected}
	return p.Severity.String() + ": " + f.detail()
}

// Validate gives all problems of a record: every fault of every item, where
// Decode stops at the first of each, and the members of a v1 event that have no
// effect. A record without problems gives nil.
func (d *Decoder) Validate(record []byte, arrived rating.Instant) []Problem {
	var problems []Problem
	items := d.decode(nil, record, arrived)
	for _, f := range d.faults {
		problems = append(problems, Problem{f.index, f.pointer, Refuse, f.reason, f.found, f.expected})
	}
	if d.single {
		if len(items) == 0 {
			d.optional(new(rating.Event)) // Decode does not look at these once it refuses
		}
		if !isCountry(d.fields[fUserCountry]) {
			d.kept.add(fUserCountry)
		}
		d.sortAsides()
		for i := range d.asides {
			problems = append(problems, d.asides[i].problem())
		}
	}
	return problems
}

// problem says why a member has no effect.
func (a *aside) problem() Problem {
	p := Problem{Severity: Ignore, Found: a.value.describe(), Expected: wantOptional[a.field]}
	if a.parent != fUnknown {
		p.Pointer = "/" + fieldNames[a.parent]
	}
	p.Pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(string(a.key))
	if p.Expected == "" {
		p.Severity, p.Expected = Unknown, "no member of this name"
	}
	return p
}

// wantOptional says what the optional members should be.
var wantOptional = [fieldCount]string{
	fMessageID:     "no id: a consent is known by its time",
	fAccount:       "a string",
	fUserCountry:   "a country of two letters",
	fKind:          "template, freeform, reaction, call or echo",
	fCategory:      "a string",
	fTemplate:      "a string",
	fReferral:      "ad or page_cta",
	fClient:        "android, ios, web or desktop",
	fSource:        "a string, on a consent only",
	fPricing:       "an object",
	fBillable:      "true or false",
	fClaimModel:    "a string",
	fClaimType:     "a string",
	fClaimCategory: "a string",
	fError:         "an object",
	fErrorCode:     "an integer of 32 bits",
	fErrorTitle:    "a string",
}

func isCountry(s scalar) bool {
	return s.absent() || len(s.text) == 2 && isLetter(s.text[0]) && isLetter(s.text[1])
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
