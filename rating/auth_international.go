package rating

import "time"

const (
	authentication              = "authentication"
	authenticationInternational = "authentication_international"
)

// authInternationalSince lists the countries whose authentication messages are
// priced apart for businesses from elsewhere, and since when (domain page,
// "Authentication-international").
var authInternationalSince = func() map[string]Date {
	m := map[string]Date{"ID": {2024, time.June, 1}, "IN": {2024, time.July, 1}}
	for _, c := range [...]string{"EG", "MY", "NG", "PK", "SA", "ZA", "AE"} {
		m[c] = Date{2025, time.February, 1}
	}
	for _, c := range [...]string{"BD", "IQ", "KZ", "KW", "MA", "NP", "OM", "LK", "UA"} {
		m[c] = Date{2026, time.October, 1}
	}
	return m
}()

// isAuthInternational decides domestic or international authentication by the
// delivery: the account has the setting auth_international_from, the delivery
// came on or after it, and the user's country is on the list by then and is not
// the account's own. The setting's value is a date (the account's local
// midnight) or an RFC 3339 instant.
func (p *places) isAuthInternational(a *accountTerm, country string, delivered Instant) bool {
	since, listed := authInternationalSince[country]
	if !listed || country == a.Country {
		return false
	}
	t, on := p.tariff, p.days.of(delivered, a.loc)
	if on.Before(since) {
		return false
	}
	value := t.setting(a.Account, "auth_international_from", on)
	if value == "" {
		return false
	}
	if d, err := ParseDate(value); err == nil {
		return !on.Before(d)
	}
	at, err := time.Parse(time.RFC3339, value)
	return err == nil && delivered >= At(at)
}
