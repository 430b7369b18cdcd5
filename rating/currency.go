package rating

import "github.com/shopspring/decimal"

// minorDigits lists the currencies whose minor unit is not a hundredth (ISO 4217).
var minorDigits = map[string]int32{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
	"UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// MinorDigits is the number of decimals that amounts of a currency are billed in.
func MinorDigits(currency string) int32 {
	if n, ok := minorDigits[currency]; ok {
		return n
	}
	return 2
}

// RoundBilled is the one rounding of money: an exact line amount to the minor
// unit of its currency, half away from zero. It is applied once per billed line
// and once per tax total, nowhere else.
func RoundBilled(amount decimal.Decimal, currency string) decimal.Decimal {
	return amount.Round(MinorDigits(currency))
}
