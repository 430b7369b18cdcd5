package main

import "regexp"

// phoneNumbers are numbers of people as they stand in texts: in the form of E.164,
// with or without spaces, or as many digits as a number has with its country.
var phoneNumbers = regexp.MustCompile(`\+\d[\d ().-]{3,}\d|\d{9,}`)

// maskNumbers hides the numbers of people in a text but for the last two digits.
func maskNumbers(s string) string {
	return phoneNumbers.ReplaceAllStringFunc(s, func(n string) string { return "..." + n[len(n)-2:] })
}
