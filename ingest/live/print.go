package live

import (
	"math/bits"
	"postage/rating"
)

// printOf is a fingerprint of all that the table says of a message. It is never 0. Two
// verdicts that differ have the same print once in 2^64.
func printOf(m *rating.Message) uint64 {
	p := fingerprint(1)
	p.number(uint64(m.SentAt))
	p.number(uint64(m.DeliveredAt))
	p.number(uint64(m.Window))
	p.number(uint64(m.Kind) | uint64(m.Class)<<8 | uint64(m.Flags)<<16 | uint64(m.Claim.Billable)<<24 | uint64(uint32(m.Error.Code))<<32)
	p.number(uint64(m.Regime) | uint64(m.Outcome)<<8 | uint64(m.Reason)<<16 | uint64(m.Cost.Regime)<<24 | uint64(m.Cost.Outcome)<<32 | uint64(m.Cost.Reason)<<40)
	month := uint64(m.Month.Year)<<8 | uint64(m.Month.Month)<<1
	if m.Failed {
		month |= 1
	}
	p.number(month)
	p.text(m.Account)
	p.text(m.UserCountry)
	p.text(m.Template)
	p.text(m.Market)
	p.text(m.Category)
	p.text(m.Cost.Category)
	p.text(m.Claim.Model)
	p.text(m.Claim.Type)
	p.text(m.Claim.Category)
	p.text(m.Error.Title)
	return max(uint64(p), 1)
}

type fingerprint uint64

func (p *fingerprint) number(n uint64) {
	hi, lo := bits.Mul64(uint64(*p)^n, 0x9e3779b97f4a7c15)
	*p = fingerprint(hi ^ lo ^ bits.RotateLeft64(n, 29))
}

func (p *fingerprint) text(s string) { p.number(hashText(s)) }
