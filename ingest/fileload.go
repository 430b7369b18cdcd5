package ingest

// FileLoad is one load of a file as a topic of its own.
type FileLoad struct {
	Topic   string
	Run     string // identity of this load
	File    string // its name
	Bytes   int64
	Records int64
	End     int64 // one more than the offset of its last record
}
