// Command postage meters and bills WhatsApp Business messages. See README.md.
package main

import (
	"os"
	"postage/schemas/clickhouse/embedded"
	_ "time/tzdata"
	// timezones come with the binary
)

func main() {
	embedded.MaybeRunChild() // the embedded engine is this binary started again
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
