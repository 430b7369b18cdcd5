package events

import (
	"bytes"
	"postage/rating"
	"slices"
)

// aside is a member of a v1 event that a rating.Event has no room for: one that
// we do not know, or a known one with a value that we do not know.
type aside struct {
	parent field  // fPricing or fError for their members, else fUnknown
	field  field  // fUnknown when we do not know the name
	key    []byte // the member's own name
	value  scalar
}

// under is the name that the aside, or its parent, has at the top of the record.
func (a *aside) under() []byte {
	if a.parent != fUnknown {
		return []byte(fieldNames[a.parent])
	}
	return a.key
}

// dropAsides forgets the members of a parent that comes a second time.
func (d *Decoder) dropAsides(parent field) {
	d.asides = slices.DeleteFunc(d.asides, func(a aside) bool { return a.parent == parent })
}

// sortAsides completes the asides with the known members that the event cannot
// hold, and sorts them by name. Of several with one name the last stays.
func (d *Decoder) sortAsides() {
	for f := range fieldCount {
		if d.kept.has(f) {
			d.asides = append(d.asides, aside{parent: f.parent(), field: f, key: []byte(fieldNames[f]), value: d.fields[f]})
		}
	}
	slices.SortStableFunc(d.asides, func(a, b aside) int {
		if c := bytes.Compare(a.under(), b.under()); c != 0 {
			return c
		}
		return bytes.Compare(a.key, b.key)
	})
	last := d.asides[:0]
	for i, a := range d.asides {
		if i+1 < len(d.asides) {
			if b := &d.asides[i+1]; a.parent == b.parent && bytes.Equal(a.key, b.key) {
				continue
			}
		}
		last = append(last, a)
	}
	d.asides = last
}

// extra builds rating.Event.Extra from the asides.
func (d *Decoder) extra() string {
	d.sortAsides()
	dst := append(d.scratch[:0], '{')
	open := fUnknown // the parent whose object is being written
	for i := range d.asides {
		a := &d.asides[i]
		if open != fUnknown && a.parent != open {
			dst = append(dst, '}')
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		if a.parent != fUnknown && a.parent != open {
			dst = append(rating.AppendJSONString(dst, fieldNames[a.parent]), ':', '{')
		}
		open = a.parent
		dst = append(rating.AppendJSONString(dst, string(a.key)), ':')
		dst = a.value.appendCanonical(dst)
	}
	if open != fUnknown {
		dst = append(dst, '}')
	}
	d.scratch = append(dst, '}')
	return string(d.scratch)
}
