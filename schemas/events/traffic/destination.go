package traffic

import "strconv"

// destination is a country that users write from. Numbers are code + lead +
// width made-up digits. The leads are, as far as known, unassigned in the
// national numbering plan (area codes and mobile ranges nobody got), and the
// whole has the length of a mobile number there; no one should be called.
type destination struct {
	country string // ISO 3166-1 alpha-2
	market  string // as of October 2026, for tests and readers
	region  string // neighbours write to each other more
	code    string // calling code, in the NANP with the area code where the market needs it
	lead    string
	width   int
	weight  float64 // how often, seen from far away
}

// number is the user's number without +. Different n below 10^width give
// different numbers.
func (d *destination) number(n uint64) string {
	mod := uint64(1)
	for range d.width {
		mod *= 10
	}
	// 7 368 787 has no factor in common with 10, so this scatters without clashes.
	n = n % mod * 7_368_787 % mod
	buf := make([]byte, 0, 16)
	buf = append(buf, d.code...)
	buf = append(buf, d.lead...)
	for ; mod > 10 && n < mod/10; mod /= 10 {
		buf = append(buf, '0')
	}
	return string(strconv.AppendUint(buf, n, 10))
}

const (
	roAfrica = "Rest of Africa"
	roAPAC   = "Rest of Asia Pacific"
	roCEE    = "Rest of Central & Eastern Europe"
	roLatAm  = "Rest of Latin America"
	roME     = "Rest of Middle East"
	roWE     = "Rest of Western Europe"
)

var destinations = []destination{
	{"AR", "Argentina", "latam", "54", "9100", 7, 3},
	{"BD", "Bangladesh", "asia", "880", "100", 7, 3},
	{"BR", "Brazil", "latam", "55", "2099", 7, 7},
	{"CL", "Chile", "latam", "56", "90", 7, 2},
	{"CO", "Colombia", "latam", "57", "399", 7, 3},
	{"EG", "Egypt", "mena", "20", "190", 7, 3},
	{"FR", "France", "europe", "33", "79", 7, 6},
	{"DE", "Germany", "europe", "49", "1998", 7, 7},
	{"HK", "Hong Kong", "pacific", "852", "0", 7, 2},
	{"HU", "Hungary", "europe", "36", "39", 7, 1},
	{"IN", "India", "asia", "91", "500", 7, 10},
	{"ID", "Indonesia", "pacific", "62", "8400", 7, 4},
	{"IL", "Israel", "mena", "972", "57", 7, 2},
	{"IQ", "Iraq", "mena", "964", "710", 7, 1},
	{"IT", "Italy", "europe", "39", "399", 7, 6},
	{"KZ", "Kazakhstan", "east", "7", "799", 7, 1},
	{"KW", "Kuwait", "mena", "965", "3", 7, 1.5},
	{"MY", "Malaysia", "pacific", "60", "159", 7, 3},
	{"MX", "Mexico", "latam", "52", "210", 7, 4},
	{"MA", "Morocco", "mena", "212", "79", 7, 1.5},
	{"NP", "Nepal", "asia", "977", "990", 7, 1},
	{"NL", "Netherlands", "europe", "31", "60", 7, 4},
	{"NG", "Nigeria", "africa", "234", "710", 7, 4},
	{"OM", "Oman", "mena", "968", "4", 7, 1},
	{"PK", "Pakistan", "asia", "92", "390", 7, 4},
	{"PE", "Peru", "latam", "51", "70", 7, 1.5},
	{"PL", "Poland", "europe", "48", "40", 7, 3},
	{"QA", "Qatar", "mena", "974", "1", 7, 1.5},
	{"RO", "Romania", "europe", "40", "71", 7, 2},
	{"RU", "Russia", "east", "7", "970", 7, 2},
	{"SA", "Saudi Arabia", "mena", "966", "52", 7, 3},
	{"SG", "Singapore", "pacific", "65", "2", 7, 3},
	{"LK", "Sri Lanka", "asia", "94", "73", 7, 1.5},
	{"ZA", "South Africa", "africa", "27", "59", 7, 4},
	{"ES", "Spain", "europe", "34", "79", 7, 6},
	{"TR", "Turkey", "east", "90", "570", 7, 4},
	{"UA", "Ukraine", "east", "380", "70", 7, 2},
	{"AE", "United Arab Emirates", "mena", "971", "51", 7, 6},
	{"GB", "United Kingdom", "europe", "44", "720", 7, 8},
	{"US", "North America", "north", "1", "293", 7, 12},
	{"CA", "North America", "north", "1", "393", 7, 4},
	{"KE", roAfrica, "africa", "254", "13", 7, 2},
	{"GH", roAfrica, "africa", "233", "29", 7, 1.5},
	{"TN", roAfrica, "mena", "216", "6", 7, .7},
	{"SN", roAfrica, "africa", "221", "72", 7, .6},
	{"AU", roAPAC, "pacific", "61", "51", 7, 4},
	{"JP", roAPAC, "pacific", "81", "400", 7, 2},
	{"PH", roAPAC, "pacific", "63", "900", 7, 3},
	{"TH", roAPAC, "pacific", "66", "70", 7, 2},
	{"NZ", roAPAC, "pacific", "64", "24", 7, 1},
	{"CZ", roCEE, "europe", "420", "65", 7, 1.5},
	{"GR", roCEE, "europe", "30", "680", 7, 1.5},
	{"RS", roCEE, "east", "381", "68", 7, .6},
	{"HR", roCEE, "europe", "385", "94", 7, .7},
	{"EC", roLatAm, "latam", "593", "94", 7, .8},
	{"CR", roLatAm, "latam", "506", "1", 7, .6},
	{"DO", roLatAm, "latam", "1809", "1", 6, .6},
	{"UY", roLatAm, "latam", "598", "0", 7, .5},
	{"JO", roME, "mena", "962", "71", 7, .8},
	{"BH", roME, "mena", "973", "2", 7, .8},
	{"LB", roME, "mena", "961", "2", 7, .7},
	{"AT", roWE, "europe", "43", "6890", 7, 2.5},
	{"CH", roWE, "europe", "41", "70", 7, 2.5},
	{"BE", roWE, "europe", "32", "41", 7, 2},
	{"IE", roWE, "europe", "353", "80", 7, 2},
	{"PT", roWE, "europe", "351", "94", 7, 1.5},
	{"SE", roWE, "europe", "46", "71", 7, 1.2},
	{"DK", roWE, "europe", "45", "1", 7, 1},
	{"NO", roWE, "europe", "47", "1", 7, 1},
	{"KR", "Other", "pacific", "82", "129", 7, 1.2},
	{"EE", "Other", "europe", "372", "1", 7, .4},
	{"IS", "Other", "europe", "354", "1", 6, .3},
	{"CD", "Other", "africa", "243", "70", 7, .5},
	{"BS", "Other", "north", "1242", "1", 6, .2},
}

// abroad spreads foreign users for a firm at home in a country: by weight,
// neighbours counting five times. The result ascends to 1.
func abroad(home string) []float64 {
	region := ""
	for i := range destinations {
		if destinations[i].country == home {
			region = destinations[i].region
		}
	}
	var sum float64
	cumulative := make([]float64, len(destinations))
	for i := range destinations {
		d := &destinations[i]
		switch {
		case d.country == home:
		case d.region == region:
			sum += 5 * d.weight
		default:
			sum += d.weight
		}
		cumulative[i] = sum
	}
	for i := range cumulative {
		cumulative[i] /= sum
	}
	return cumulative
}
