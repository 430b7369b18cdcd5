package reports

import "slices"

// regimeWords are the names of regimes that a payer may have heard.
var regimeWords = map[string]string{
	"NBP":  "notification pricing",
	"CBP1": "conversation pricing of February 2022",
	"CBP2": "conversation pricing of June 2023",
	"CBP3": "conversation pricing of November 2024",
	"PMP1": "per-message pricing of July 2025",
	"PMP2": "per-message pricing of October 2026",
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
