package live

// Concern says how many messages of one billing month somebody should look at, for one reason.
type Concern struct {
	Unrated  string // reason why they have no account or price; "" when it is about a flag
	Flag     string // remark that counts as an alarm, as window_evidence_missing
	Month    string // YYYY-MM, "" while they have none
	Messages int64
}
