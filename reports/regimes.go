package reports

import "slices"

// regimeWords name a regime by when its rules came (domain page, section B).
var regimeWords = map[string]string{
	"NBP":  "rules of 2018",
	"CBP1": "rules of February 2022",
	"CBP2": "rules of June 2023",
	"CBP3": "rules of November 2024",
	"PMP1": "rules of July 2025",
	"PMP2": "rules of October 2026",
}

// nameRegimes adds to each line of messages the rules they were priced by, where
// the month spans two: a message is billed when it is delivered, by the rules in
// force when it was sent, so the same words could stand on a document twice. A
// note names them where its invoice does.
func nameRegimes(lines, ofInvoice []DocumentLine) {
	seen := ""
	if !slices.ContainsFunc(slices.Concat(lines, ofInvoice), func(l DocumentLine) bool {
		another := l.Regime != "" && seen != "" && l.Regime != seen
		if l.Regime != "" {
			seen = l.Regime
		}
		return another
	}) {
		return
	}
	for i := range lines {
		if words, ok := regimeWords[lines[i].Regime]; ok {
			lines[i].Description += ", " + words
		}
	}
}
