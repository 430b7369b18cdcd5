package rating

// Regime is the carrier's rule set in force at a time.
type Regime uint8

// The six regimes of 2018 to today (domain/whatsapp-pricing, sections A and B).
const (
	NBP  Regime = iota + 1 // notifications outside the 24-hour window are charged
	CBP1                   // 24-hour conversations, business- or user-initiated
	CBP2                   // 24-hour conversations per category
	CBP3                   // the same, service conversations free
	PMP1                   // per delivered message, utility free inside the window
	PMP2                   // per delivered message, service charged after 1,000
)

var regimeNames = [...]string{"", "NBP", "CBP1", "CBP2", "CBP3", "PMP1", "PMP2"}

func (r Regime) String() string { return regimeNames[r] }

// ParseRegime returns 0 for a name that is not a regime.
func ParseRegime(s string) Regime { return parseName[Regime](regimeNames[:], s) }
