package ubl

import (
	"postage/reports"
	"postage/reports/wording"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// schemes are the issuers of electronic addresses in Peppol (the code list of its rule
// PEPPOL-EN16931-CL008). All of them are in EN 16931's list, too.
var schemes = strings.Fields(`0002 0007 0009 0060 0088 0096 0097 0106 0130 0135 0142 0151 0183 0184 0188 0190 0191
	0192 0195 0196 0198 0199 0200 0201 0204 0208 0209 0210 0211 0216 0218 0221 0225 0230 0235 0240 0242 0244 0245 0246
	0248 9910 9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 9932 9933 9934 9935 9936
	9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 9951 9952 9953 9957 9959`)

// peppolAddress reads "scheme:identifier", nil when it is none or, where the scheme has
// check digits, a mistyped one.
func peppolAddress(p reports.Party) *identifier {
	scheme, id, _ := strings.Cut(wording.Line(p.PeppolID), ":")
	if id == "" || strings.Contains(id, " ") || !slices.Contains(schemes, scheme) {
		return nil
	}
	if well := wellFormed[scheme]; well != nil && !well(id) {
		return nil
	}
	return &identifier{Value: id, Scheme: scheme}
}

// wellFormed are the forms that the rules PEPPOL-COMMON-R040 to R057 ask for.
var wellFormed = map[string]func(string) bool{
	"0088": func(s string) bool { return digits(s) && len(s) > 1 && gln(s) },
	"0192": func(s string) bool { return digits(s) && len(s) == 9 && norwegian(s) },
	"0184": regexp.MustCompile(`^(DK)?[0-9]{8}$`).MatchString,
	"0096": regexp.MustCompile(`^[0-9]{10}$`).MatchString,
	"0198": regexp.MustCompile(`^DK[0-9]{8}$`).MatchString,
	"0208": func(s string) bool { return digits(s) && len(s) == 10 && belgian(s) },
	"0007": func(s string) bool { return digits(s) && len(s) == 10 && luhn(s) },
	"0151": func(s string) bool { return digits(s) && len(s) == 11 && australian(s) },
	"0106": regexp.MustCompile(`^[0-9]{8}$`).MatchString,
	"0190": regexp.MustCompile(`^[0-9]{20}$`).MatchString,
	"9944": regexp.MustCompile(`^NL[0-9]{9}B[0-9]{2}$`).MatchString,
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// weighted adds up digits times weights, the weight of the i-th digit from the right.
func weighted(s string, weight func(i int) int) (sum int) {
	for i := range len(s) {
		sum += int(s[len(s)-1-i]-'0') * weight(i)
	}
	return sum
}

// gln checks a number of GS1: weights 3 and 1 before the check digit.
func gln(s string) bool {
	return weighted(s, func(i int) int { return 1 + i%2*2 })%10 == 0
}

// norwegian checks an organisation number: modulus 11, weights 2 to 7.
func norwegian(s string) bool {
	sum := weighted(s[:len(s)-1], func(i int) int { return i%6 + 2 })
	return strings.Trim(s, "0") != "" && (11-sum%11)%11 == int(s[len(s)-1]-'0')
}

// belgian checks an enterprise number: its last two digits are 97 less the rest mod 97.
func belgian(s string) bool {
	body, _ := strconv.Atoi(s[:8]) // digits only
	check, _ := strconv.Atoi(s[8:])
	return check == 97-body%97
}

// luhn checks a Swedish organisation number.
func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

// australian checks a business number: modulus 89, the first digit less one.
func australian(s string) bool {
	weights := [...]int{10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19}
	sum := -weights[0]
	for i, w := range weights {
		sum += int(s[i]-'0') * w
	}
	return sum%89 == 0
}
