package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// readPages takes text out of a file as a viewer does: through the page's
// operators and the fonts' ToUnicode maps. It gives the texts of each page, one per BT..ET.
// It also checks every offset in the cross-reference table.
func readPages(t testing.TB, b []byte) [][]string {
	t.Helper()
	objects := map[int][]byte{}
	xref := b[bytes.LastIndex(b, []byte("xref\n0 ")):]
	if start := bytes.LastIndex(b, []byte("startxref\n")); start > 0 {
		at, _ := strconv.Atoi(strings.Fields(string(b[start:]))[1])
		if xref = b[at:]; !bytes.HasPrefix(xref, []byte("xref\n")) {
			t.Fatalf("startxref %d does not point at the table", at)
		}
	}
	for i, m := range regexp.MustCompile(`(\d{10}) 00000 n `).FindAllSubmatch(xref, -1) {
		at, _ := strconv.Atoi(string(m[1]))
		head := strconv.Itoa(i+1) + " 0 obj\n"
		if !bytes.HasPrefix(b[at:], []byte(head)) {
			t.Fatalf("object %d is not at offset %d", i+1, at)
		}
		body := b[at+len(head):]
		objects[i+1] = body[:bytes.Index(body, []byte("\nendobj\n"))]
	}
	number := func(obj []byte, pattern string) int {
		m := regexp.MustCompile(pattern).FindSubmatch(obj)
		if m == nil {
			t.Fatalf("no %s in %.200q", pattern, obj)
		}
		n, _ := strconv.Atoi(string(m[1]))
		return n
	}
	var pages [][]string
	kids := regexp.MustCompile(`/Kids\[([^\]]*)\]`).FindSubmatch(objects[2])
	for _, kid := range regexp.MustCompile(`(\d+) 0 R`).FindAllSubmatch(kids[1], -1) {
		n, _ := strconv.Atoi(string(kid[1]))
		obj := objects[n]
		maps := map[string]map[string]string{}
		resources := objects[number(obj, `/Resources (\d+) 0 R`)]
		for _, font := range regexp.MustCompile(`F\d+ `).FindAllString(string(resources), -1) {
			font = strings.TrimSpace(font)
			f := objects[number(resources, "/"+font+` (\d+) 0 R`)]
			maps[font] = toUnicodeMap(inflate(t, objects[number(f, `/ToUnicode (\d+) 0 R`)]))
		}
		pages = append(pages, texts(inflate(t, objects[number(obj, `/Contents (\d+) 0 R`)]), maps))
	}
	return pages
}

func inflate(t testing.TB, obj []byte) string {
	t.Helper()
	_, data, _ := bytes.Cut(obj, []byte("\nstream\n"))
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func toUnicodeMap(cmap string) map[string]string {
	m := map[string]string{}
	for _, e := range regexp.MustCompile(`<([0-9A-F]{4})><([0-9A-F]+)>`).FindAllStringSubmatch(cmap, -1) {
		m[e[1]] = utf16Hex(e[2])
	}
	return m
}

func utf16Hex(s string) string {
	b, _ := hex.DecodeString(s)
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(units))
}

// texts reads the text of a content stream in drawing order.
func texts(content string, maps map[string]map[string]string) (out []string) {
	token := regexp.MustCompile(`BT|ET|/F\d+ |/ActualText<FEFF([0-9A-F]*)>|EMC|<([0-9A-F]{4})>`)
	var line []string
	font, actual := "", false
	for _, m := range token.FindAllStringSubmatch(content, -1) {
		switch {
		case m[0] == "BT":
			line = nil
		case m[0] == "ET":
			out = append(out, strings.Join(line, ""))
		case strings.HasPrefix(m[0], "/F"):
			font = strings.TrimSpace(m[0][1:])
		case strings.HasPrefix(m[0], "/ActualText"):
			line, actual = append(line, utf16Hex(m[1])), true
		case m[0] == "EMC":
			actual = false
		case !actual:
			line = append(line, maps[font][m[2]])
		}
	}
	return out
}
