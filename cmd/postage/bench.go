package main

// benchCommand is `postage bench`: fixed workloads, measured on this machine, one
// JSON object a line. Figures of different machines or runs do not compare;
// ratios within one run do.
type benchCommand struct {
	Rating    benchRatingCommand    `cmd:"" help:"Classify and price in process: messages a second on one core."`
	Pipeline  benchPipelineCommand  `cmd:"" help:"From Kafka to ClickHouse: the whole ingest against a raw pipe and ClickHouse's own Kafka engine."`
	Close     benchCloseCommand     `cmd:"" help:"Rate a month from the log in ClickHouse, writing its rows and statements."`
	RateFile  benchRateFileCommand  `cmd:"" name:"rate-file" help:"Rate a file, sorting on disk, against decoding it alone."`
	Documents benchDocumentsCommand `cmd:"" help:"Compose invoices and write them as PDF, XLSX and UBL, on all cores."`
	XLSX      benchXLSXCommand      `cmd:"" name:"xlsx" help:"Write rows of a workbook, against plain excelize in the same run."`
}
