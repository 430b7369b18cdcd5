package ubl

import (
	"bytes"
	"encoding/json"
	"postage/schemas/documents"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/shopspring/decimal"
)

// TestJSON: the JSON of every document is what the schema describes, nothing more, and
// says the same total as the e-invoice.
func TestJSON(t *testing.T) {
	described, err := jsonschema.UnmarshalJSON(bytes.NewReader(documents.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("document.json", described); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("document.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range documentsOf(t) {
		content, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		read, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(read); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, invoice := written(t, d)
		gross := decimal.RequireFromString(read.(map[string]any)["gross"].(string))
		if !gross.Equal(invoice.LegalMonetaryTotal.PayableAmount.Value) {
			t.Errorf("%s: JSON says %s, the e-invoice %s", name, gross, invoice.LegalMonetaryTotal.PayableAmount.Value)
		}
	}
	if err := schema.Validate(map[string]any{"type": "invoice"}); err == nil {
		t.Error("the schema accepts a document that has nothing but a type")
	}
}
