package events

import (
	"bytes"
	"postage/rating"
	"strconv"
)

// What the required members should be.
const (
	wantType   = "message.received, message.sent, message.delivered, message.read, message.failed, consent.granted or consent.revoked"
	wantTime   = "an RFC 3339 time with zone"
	wantNumber = "+ and 7 to 15 digits"
	wantID     = "the id of the message"
)

// event appends the v1 event whose members were read, unless it has a fault.
func (d *Decoder) event(dst []Item) []Item {
	d.single = true
	d.keep(fObject)
	d.keep(fEntry)
	before := len(d.faults)
	dst = append(dst, Item{Index: d.index})
	e := &dst[len(dst)-1].Event

	if text := d.required(fType, "/type", wantType); text != nil {
		if e.Type = rating.ParseEventType(d.names.of(text)); e.Type == 0 {
			d.fault(fault{reason: BadValue, pointer: "/type", found: quote(text), expected: wantType})
		}
	}
	if text := d.required(fTime, "/time", wantTime); text != nil {
		at, ok := parseTime(text)
		e.At = at
		if !ok {
			d.fault(fault{reason: BadValue, pointer: "/time", found: quote(text), expected: wantTime})
		} else if f := d.checkTime(at); f.reason != "" {
			f.pointer = "/time"
			d.fault(f)
		}
	}
	e.Sender = d.names.of(d.number(fSender, "/sender"))
	user := d.number(fUser, "/user")

	var id []byte
	if e.Type.IsConsent() {
		d.keep(fMessageID) // the identity of a consent has none
	} else {
		id = d.required(fMessageID, "/message_id", wantID)
		d.keep(fSource)
	}
	d.index++
	if len(d.faults) > before {
		return dst[:len(dst)-1]
	}
	e.MessageID, e.User = d.join(id, user)
	d.optional(e)
	if len(d.asides) > 0 || d.kept != 0 {
		e.Extra = d.extra()
	}
	return dst
}

// required gives the text of a required member, or nil after noting the fault.
func (d *Decoder) required(f field, pointer, want string) []byte {
	s := &d.fields[f]
	if len(s.text) > 0 {
		return s.text
	}
	reason := BadValue
	if s.raw == nil {
		reason = MissingField
		if d.nothingOfAnEvent() {
			reason = NoEvent
		}
	}
	d.fault(fault{reason: reason, pointer: pointer, found: s.describe(), expected: want})
	return nil
}

// number gives a required phone number.
func (d *Decoder) number(f field, pointer string) []byte {
	text := d.required(f, pointer, wantNumber)
	if text != nil && !isNumber(text) {
		d.fault(fault{reason: BadValue, pointer: pointer, found: quote(text), expected: wantNumber})
	}
	return text
}

// checkTime says what is wrong with an event that happened at that time; the
// fault has no reason when nothing is.
func (d *Decoder) checkTime(at rating.Instant) fault {
	last, want := latest, "a time from 2018-01-01T00:00:00Z to the end of 2261"
	if d.arrived != 0 && at >= earliest {
		last, want = min(latest, d.arrived+rating.Day), "at most 24 h after the record arrived"
	}
	if earliest <= at && at <= last {
		return fault{}
	}
	f := fault{reason: ImpossibleTime, found: at.String(), expected: want}
	if at > latest {
		f.found = "a time beyond the year 2261"
	} else if last != latest {
		f.expected += ", that is by " + last.String()
	}
	return f
}

// join makes two strings in one allocation.
func (d *Decoder) join(a, b []byte) (string, string) {
	d.scratch = append(append(d.scratch[:0], a...), b...)
	s := string(d.scratch)
	return s[:len(a)], s[len(a):]
}

// optional fills what an event may have. Nothing here refuses: a value that the
// event cannot hold is kept for Extra.
func (d *Decoder) optional(e *rating.Event) {
	e.Account = d.text(fAccount)
	e.Category = d.text(fCategory)
	e.Template = d.text(fTemplate)
	e.UserCountry = d.country(d.fields[fUserCountry].text)
	d.wrongType(fUserCountry)
	if e.Kind = rating.ParseKind(d.text(fKind)); e.Kind == rating.KindUnknown {
		d.keep(fKind)
	}
	if e.Referral = rating.ParseReferral(d.text(fReferral)); e.Referral == rating.ReferralNone {
		d.keep(fReferral)
	}
	if e.Client = rating.ParseClient(d.text(fClient)); e.Client == rating.ClientUnknown {
		d.keep(fClient)
	}
	if e.Type.IsConsent() {
		e.Source = d.text(fSource)
	}

	d.keep(fPricing)
	switch string(d.fields[fBillable].raw) {
	case "true":
		e.Claim.Billable = rating.BillableYes
	case "false":
		e.Claim.Billable = rating.BillableNo
	default:
		d.keep(fBillable)
	}
	e.Claim.Model = d.text(fClaimModel)
	e.Claim.Type = d.text(fClaimType)
	e.Claim.Category = d.text(fClaimCategory)

	d.keep(fError)
	if code, ok := parseCode(d.fields[fErrorCode].raw); ok {
		e.Error.Code = code
	} else {
		d.keep(fErrorCode)
	}
	e.Error.Title = d.text(fErrorTitle)
}

// text gives an optional string; a value of another type is kept.
func (d *Decoder) text(f field) string {
	d.wrongType(f)
	return d.names.of(d.fields[f].text)
}

// keep sends a member to Extra, if there is one.
func (d *Decoder) keep(f field) {
	if !d.fields[f].absent() {
		d.kept.add(f)
	}
}

func (d *Decoder) wrongType(f field) {
	if d.fields[f].raw != nil {
		d.kept.add(f)
	}
}

// country gives a country code in upper case; anything that does not look like
// one stays as it came.
func (d *Decoder) country(b []byte) string {
	if len(b) == 2 && isLetter(b[0]) && isLetter(b[1]) {
		d.scratch = append(d.scratch[:0], bytes.ToUpper(b)...)
		b = d.scratch
	}
	return d.names.of(b)
}

// parseCode reads an error code: a number without a fraction, in 32 bits. 0 is
// no code.
func parseCode(raw []byte) (int32, bool) {
	if raw == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(string(raw), 10, 32)
	if err == nil {
		return int32(n), true
	}
	f, err := strconv.ParseFloat(string(raw), 64) // 131049.0 is an integer in JSON
	if code := int32(f); err == nil && float64(code) == f {
		return code, true
	}
	return 0, false
}
