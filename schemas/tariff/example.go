package tariff

import (
	"embed"
	"io/fs"
)

//go:embed example/*.csv
var exampleFiles embed.FS

// Example is a complete made-up tariff to try things on: see example/README.md
// for what is in it and where its figures come from. Nobody is billed by it.
var Example fs.FS = func() fs.FS {
	sub, err := fs.Sub(exampleFiles, "example")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}()
