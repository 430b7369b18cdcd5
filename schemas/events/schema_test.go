package events

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// TestSchemasAgree runs the corpus through the schemas and through Validate:
// both must object to the same members. Cases marked schema-silent are about
// what a schema cannot say.
func TestSchemasAgree(t *testing.T) {
	event, webhook := compile(t, EventSchema), compile(t, WebhookSchema)
	datadriven.Walk(t, "testdata/corpus", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			if td.HasArg("schema-silent") {
				return td.Expected
			}
			record, err := jsonschema.UnmarshalJSON(strings.NewReader(td.Input))
			if err != nil {
				t.Fatalf("%s: %v", td.Pos, err)
			}
			schema := event
			if strings.Contains(td.Input, `"whatsapp_business_account"`) {
				schema = webhook
			}
			d, arrived := corpusDecoder(t, td)
			var want []string
			for _, p := range d.Validate([]byte(td.Input), arrived) {
				if p.Severity != Unknown {
					want = append(want, p.Pointer)
				}
			}
			slices.Sort(want)
			if got := objections(schema.Validate(record)); !slices.Equal(got, slices.Compact(want)) {
				t.Errorf("%s: the schema objects to %q, Validate to %q", td.Pos, got, want)
			}
			return td.Expected
		})
	})
}

// TestSchemaAcceptsEncoded holds that what we write is what the schemas describe.
func TestSchemaAcceptsEncoded(t *testing.T) {
	event, webhook := compile(t, EventSchema), compile(t, WebhookSchema)
	r := newRand(t)
	for range 500 {
		e := randomWebhookEvent(r)
		for _, c := range []struct {
			schema *jsonschema.Schema
			record []byte
		}{
			{event, AppendV1(nil, &e)},
			{webhook, AppendWebhook(nil, &e)},
		} {
			record, err := jsonschema.UnmarshalJSON(bytes.NewReader(c.record))
			if err != nil {
				t.Fatalf("%s: %v", c.record, err)
			}
			if err := c.schema.Validate(record); err != nil {
				t.Fatalf("%s: %v", c.record, err)
			}
		}
	}
}

func compile(t *testing.T, schema []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("urn:test", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("urn:test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// objections lists the members that a schema objects to, as sorted pointers.
func objections(err error) []string {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return nil
	}
	var pointers []string
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		at := ""
		for _, token := range e.InstanceLocation {
			at += "/" + token
		}
		switch k := e.ErrorKind.(type) {
		case *kind.Required:
			for _, name := range k.Missing {
				pointers = append(pointers, at+"/"+name)
			}
			return
		case *kind.AnyOf: // one objection, not one for each way out
			pointers = append(pointers, at)
			return
		}
		if len(e.Causes) == 0 {
			pointers = append(pointers, at)
		}
		for _, cause := range e.Causes {
			walk(cause)
		}
	}
	walk(invalid)
	slices.Sort(pointers)
	return slices.Compact(pointers)
}
