// Package documents describes the documents that Postage issues, for those who read
// them with a program.
package documents

import _ "embed"

// Schema is the JSON Schema (draft 2020-12) of the JSON file beside every document.
//
//go:embed document.v1.schema.json
var Schema []byte
