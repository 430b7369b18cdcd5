package tariff

import "strings"

// distance is the Levenshtein distance of two names: the number of letters to
// insert, delete or replace. Only the first 64 bytes of each count.
func distance(a, b string) int {
	const bytesMax = 64
	a, b = a[:min(len(a), bytesMax)], b[:min(len(b), bytesMax)]
	prev := make([]int, len(b)+1)
	next := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			change := prev[j]
			if a[i] != b[j] {
				change++
			}
			next[j+1] = min(change, prev[j+1]+1, next[j]+1)
		}
		prev, next = next, prev
	}
	return prev[len(b)]
}

// nearest returns the known name closest to word, whatever the case, and how
// far away it is. Of several the first wins; without known names it is "".
func nearest(word string, known []string) (name string, away int) {
	lower := strings.ToLower(word)
	for _, k := range known {
		if d := distance(lower, strings.ToLower(k)); name == "" || d < away {
			name, away = k, d
		}
	}
	return name, away
}

// slipOf returns the known name that word is a likely slip of, or "".
func slipOf(word string, known []string) string {
	name, away := nearest(word, known)
	if name == "" || away > max(1, min(3, len(word)/3)) {
		return ""
	}
	return name
}

// suggest words the fix for a name that has to be one of the known ones.
func suggest(word string, known []string, otherwise string) string {
	if name := slipOf(word, known); name != "" {
		return "write " + name
	}
	return otherwise
}

// list joins names for a sentence and cuts a long list short.
func list(names []string) string {
	const namesMax = 12
	if len(names) > namesMax {
		return strings.Join(names[:namesMax], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}
