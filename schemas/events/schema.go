package events

import _ "embed"

// EventSchema is the JSON Schema (draft 2020-12) of a v1 event. A record it
// accepts is decoded without loss; what it rejects and Decode does not, is kept
// in Extra.
//
//go:embed event.v1.schema.json
var EventSchema []byte

// WebhookSchema is the JSON Schema (draft 2020-12) of a webhook body, as far as
// the decoder uses it. A schema cannot say everything: times, numbers that only
// senders.csv or `contacts` know, and nulls in the place of absent members are
// for Validate.
//
//go:embed webhook.schema.json
var WebhookSchema []byte
