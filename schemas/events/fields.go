package events

// field is a member of a v1 event. Members of `pricing` and `error` are fields
// of their own; fPricing and fError hold what stands there instead of an object.
type field uint8

const (
	fUnknown field = iota
	fType
	fTime
	fMessageID
	fSender
	fUser
	fAccount
	fUserCountry
	fKind
	fCategory
	fTemplate
	fReferral
	fClient
	fSource
	fPricing
	fBillable
	fClaimModel
	fClaimType
	fClaimCategory
	fError
	fErrorCode
	fErrorTitle
	fObject // of a webhook body
	fEntry
	fieldCount
)

// fieldNames are the names of the members, without their parent's.
var fieldNames = [fieldCount]string{
	"", "type", "time", "message_id", "sender", "user", "account", "user_country", "kind", "category", "template", "referral", "client", "source",
	"pricing", "billable", "model", "type", "category", "error", "code", "title", "object", "entry",
}

// parent is fPricing or fError for their members, else fUnknown.
func (f field) parent() field {
	switch {
	case f > fPricing && f < fError:
		return fPricing
	case f > fError && f < fObject:
		return fError
	default:
		return fUnknown
	}
}

// fieldSet is a set of fields, one bit each.
type fieldSet uint32

func (s *fieldSet) add(f field)     { *s |= 1 << f }
func (s fieldSet) has(f field) bool { return s&(1<<f) != 0 }

// topField names the field of a member, or fUnknown.
func topField(key []byte) field {
	switch string(key) {
	case "type":
		return fType
	case "time":
		return fTime
	case "message_id":
		return fMessageID
	case "sender":
		return fSender
	case "user":
		return fUser
	case "account":
		return fAccount
	case "user_country":
		return fUserCountry
	case "kind":
		return fKind
	case "category":
		return fCategory
	case "template":
		return fTemplate
	case "referral":
		return fReferral
	case "client":
		return fClient
	case "source":
		return fSource
	case "pricing":
		return fPricing
	case "error":
		return fError
	case "object":
		return fObject
	case "entry":
		return fEntry
	default:
		return fUnknown
	}
}

// nestedField names the field of a member of `pricing` or `error`.
func nestedField(parent field, key []byte) field {
	if parent == fError {
		switch string(key) {
		case "code":
			return fErrorCode
		case "title":
			return fErrorTitle
		}
		return fUnknown
	}
	switch string(key) {
	case "billable":
		return fBillable
	case "model":
		return fClaimModel
	case "type":
		return fClaimType
	case "category":
		return fClaimCategory
	}
	return fUnknown
}
