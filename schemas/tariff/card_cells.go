package tariff

import (
	"regexp"
	"strings"

	"github.com/shopspring/decimal"
)

// cardCurrencies are the ways in which rate cards write currencies, besides the
// ISO code, in capitals and without spaces. "$" and "¥" alone are several
// currencies, so they are not here.
var cardCurrencies = map[string]string{
	"$US": "USD", "US$": "USD", "USD$": "USD", "$USD": "USD", "A$": "AUD", "AU$": "AUD", "$A": "AUD", "C$": "CAD", "CA$": "CAD",
	"HK$": "HKD", "S$": "SGD", "MX$": "MXN", "R$": "BRL", "GBD": "GBP", "£": "GBP", "€": "EUR", "₹": "INR", "RS": "INR", "RS.": "INR",
	"RP": "IDR", "RP.": "IDR", "RM": "MYR", "₺": "TRY", "₪": "ILS", "₦": "NGN", "₽": "RUB", "₩": "KRW", "₫": "VND", "₱": "PHP",
}

// currencyToken reads a currency as rate cards write it.
func currencyToken(v string) (string, bool) {
	token := strings.ToUpper(strings.NewReplacer(" ", "", "\u00a0", "").Replace(v))
	if isCurrency(token) {
		return token, true
	}
	code, ok := cardCurrencies[token]
	return code, ok
}

func (c *cardReader) currency(line int, v string) (string, bool) {
	code, ok := currencyToken(v)
	if !ok {
		fix := "write an ISO 4217 code such as USD"
		if v == "" {
			c.fault(line, "Currency", v, "empty", fix)
			return "", false
		}
		c.fault(line, "Currency", v, "not a currency known to rate cards", fix)
	}
	return code, ok
}

func isAbsent(v string) bool { return strings.EqualFold(v, "n/a") || strings.EqualFold(v, "na") }

func isDash(v string) bool {
	return v != "" && strings.Trim(v, "-\u2010\u2011\u2012\u2013\u2014\u2212") == ""
}

var thousands = regexp.MustCompile(`^[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$`)

// price reads a figure and keeps every digit of it. It is not there when the card
// says so (n/a), or when it cannot be read, which is reported.
func (c *cardReader) price(line int, column, v string) (_ decimal.Decimal, there bool) {
	if isAbsent(v) || isDash(v) {
		return decimal.Decimal{}, false
	}
	figure := strings.TrimFunc(v, func(r rune) bool { return (r < '0' || r > '9') && r != '-' && r != '.' && r != ',' })
	if sign := strings.TrimSpace(strings.Replace(v, figure, "", 1)); figure != "" && sign != "" && sign != "$" && sign != "¥" {
		if _, known := currencyToken(sign); !known {
			figure = v
		}
	}
	if thousands.MatchString(figure) {
		figure = strings.ReplaceAll(figure, ",", "")
	}
	whole, fraction, _ := strings.Cut(figure, ".")
	switch {
	case v == "":
		c.fault(line, column, v, "empty", "write the price, or n/a if there is none")
	case strings.HasPrefix(figure, "-"):
		c.fault(line, column, v, "negative", "write the price, or n/a if there is none")
	case !plainDecimal.MatchString(figure):
		c.fault(line, column, v, "not a price", "write a decimal such as 0.0526, or n/a if there is none")
	case len(fraction) > scaleMax:
		c.fault(line, column, v, "finer than can be kept", "write at most 18 decimals")
	case len(strings.TrimLeft(whole, "0")) > integerDigitsMax:
		c.fault(line, column, v, "larger than can be kept", "write at most 15 digits before the point")
	default:
		return decimal.RequireFromString(figure), true
	}
	return decimal.Decimal{}, false
}

// marketNames finds the market of a tariff that a rate card means.
type marketNames struct {
	names  []string
	byWord map[string]string
}

func newMarketNames(names []string) *marketNames {
	m := &marketNames{names, map[string]string{}}
	for _, n := range names {
		m.byWord[marketWord(n)] = n
	}
	return m
}

// marketAliases are other names of markets: the first of each line stands for all.
var marketAliases = func() map[string]string {
	m := map[string]string{}
	for _, same := range [][]string{
		{"united arab emirates", "uae"},
		{"united kingdom", "uk", "great britain"},
		{"saudi arabia", "ksa", "kingdom of saudi arabia"},
		{"turkey", "turkiye"},
		{"russia", "russian federation"},
		{"hong kong", "hong kong sar", "hong kong sar china", "hong kong china"},
		{"north america", "us and canada", "usa and canada", "united states and canada"},
		{"rest of asia pacific", "rest of apac"},
		{"rest of central and eastern europe", "rest of central eastern europe", "rest of eastern and central europe", "rest of c and e europe", "rest of cee"},
		{"rest of western europe", "rest of west europe", "rest of w europe"},
		{"rest of latin america", "rest of latam"},
		{"other", "others", "other countries", "all other countries", "rest of world"},
	} {
		for _, name := range same {
			m[name] = same[0]
		}
	}
	return m
}()

var marketFolding = strings.NewReplacer("&", " and ", "ü", "u", "é", "e", "ô", "o", "ç", "c", "i̇", "i")

// marketWord is a name of a market without what spellings differ in.
func marketWord(name string) string {
	words := strings.FieldsFunc(marketFolding.Replace(strings.ToLower(name)), func(r rune) bool { return r < 'a' || r > 'z' })
	kept := words[:0]
	for _, w := range words {
		if w != "the" {
			kept = append(kept, w)
		}
	}
	word := strings.Join(kept, " ")
	if one, ok := marketAliases[word]; ok {
		return one
	}
	return word
}

func (c *cardReader) market(l cardLine, column int) (string, bool) {
	v := l.cell(column)
	if v == "" {
		c.fault(l.line, "Market", v, "empty", "write the market, or delete the line")
		return "", false
	}
	if name, ok := c.markets.byWord[marketWord(v)]; ok {
		return name, true
	}
	c.fault(l.line, "Market", v, "not in markets.csv", suggest(v, c.markets.names, "add it to markets.csv with its prefixes, or delete the line if it is no market"))
	return "", false
}
