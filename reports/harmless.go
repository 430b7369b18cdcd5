package reports

import "strings"

// Harmless keeps a spreadsheet program from taking the text of a CSV cell for a
// formula: text that begins like one gets an apostrophe before it. Numbers are not
// passed through it.
func Harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
