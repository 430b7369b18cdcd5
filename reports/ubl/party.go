package ubl

import (
	"postage/reports"
	"postage/reports/wording"
	"strings"
)

func (b *builder) seller() party {
	p := b.party(b.Seller)
	p.Identification = first(b.Seller.ID)
	return p
}

func (b *builder) customer() party {
	p := b.party(b.Customer)
	p.Identification = first(b.Customer.ID)
	if p.TaxScheme == nil {
		p.CompanyID = wording.Line(b.Customer.TaxID)
	}
	return p
}

func (b *builder) party(from reports.Party) party {
	name := first(from.Name, from.ID)
	p := party{
		EndpointID: endpoint(from), Name: name, RegistrationName: name,
		Address: postal(from),
	}
	if mail := wording.Line(from.Email); mail != "" {
		p.Contact = &contact{mail}
	}
	// BR-O-02: what is not subject to VAT must not name VAT numbers.
	if number := vatNumber(from); number != "" && b.Taxes[0].Treatment != outsideScope {
		p.TaxScheme = &partyTax{CompanyID: number, Scheme: vat}
	}
	return p
}

// endpoint is where a party receives documents: in the Peppol network, else by mail.
func endpoint(p reports.Party) *identifier {
	if id := peppolAddress(p); id != nil {
		return id
	}
	if mail := wording.Line(p.Email); strings.Contains(mail, "@") {
		return &identifier{Value: mail, Scheme: "EM"}
	}
	return nil
}

// postal puts the lines of an address into the three that there are.
func postal(p reports.Party) address {
	a := address{Country: country(p)}
	lines := wording.Lines(p.Address)
	for i, into := range []*string{&a.Street, &a.Additional} {
		if i < len(lines) {
			*into = lines[i]
		}
	}
	if len(lines) > 2 {
		a.Line = &addressLine{strings.Join(lines[2:], ", ")}
	}
	return a
}

func country(p reports.Party) string { return strings.ToUpper(wording.Line(p.Country)) }

// vatNumber is a VAT number as BR-CO-09 wants it: without spaces, beginning with the
// country's code, which is EL for Greece.
func vatNumber(p reports.Party) string {
	keep := func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}
	number := strings.Map(keep, strings.ToUpper(p.VATNumber))
	if number == "" {
		return ""
	}
	prefix := country(p)
	if prefix == "GR" {
		prefix = "EL"
	}
	if len(number) > 2 && number[0] >= 'A' && number[1] >= 'A' {
		return number // it has one, of its own country or, for a branch, of another
	}
	return prefix + number
}
