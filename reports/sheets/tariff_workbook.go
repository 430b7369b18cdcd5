package sheets

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// incoming is a workbook that somebody hands in, opened: what its cells refer to.
type incoming struct {
	*parts
	sheets  []incomingSheet // in the order of their tabs
	shared  []string
	formats []numberFormat // by style
	since04 bool           // days count from 1904
}

type incomingSheet struct{ name, part string }

// numberFormat is what the look of a number says about its meaning.
type numberFormat uint8

const (
	formatPlain numberFormat = iota
	formatDate
	formatPercent
)

func openWorkbook(p *parts) (*incoming, error) {
	const workbookType = "officeDocument"
	main, err := p.relations("", workbookType)
	if err != nil {
		return nil, err
	}
	w := &incoming{parts: p}
	for _, part := range main {
		if err := w.workbook(part); err != nil {
			return nil, err
		}
		if err := w.side(part, "sharedStrings", w.readShared); err != nil {
			return nil, err
		}
		return w, w.side(part, "styles", w.readStyles)
	}
	return nil, errNotWorkbook
}

// workbook reads the list of sheets.
func (w *incoming) workbook(part string) error {
	targets, err := w.relations(part, "worksheet")
	if err != nil {
		return err
	}
	return w.each(part, func(t xml.Token) error {
		e, ok := t.(xml.StartElement)
		switch {
		case !ok:
		case e.Name.Local == "workbookPr":
			w.since04 = attr(e, "date1904") == "1" || attr(e, "date1904") == "true"
		case e.Name.Local == "sheet":
			id := ""
			for _, a := range e.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" { // r:id
					id = a.Value
				}
			}
			if target := targets[id]; target != "" { // charts have sheets of their own
				w.sheets = append(w.sheets, incomingSheet{attr(e, "name"), target})
			}
			if len(w.sheets) > sheetsMax {
				return fmt.Errorf("more than %d sheets", sheetsMax)
			}
		}
		return nil
	})
}

// side reads a part beside the workbook, which may be absent.
func (w *incoming) side(workbook, kind string, read func(part string) error) error {
	targets, err := w.relations(workbook, kind)
	if err != nil {
		return err
	}
	for _, target := range targets {
		if w.has(target) {
			return read(target)
		}
	}
	return nil
}

func (w *incoming) readShared(part string) error {
	var text richText
	size := 0
	return w.each(part, func(t xml.Token) error {
		text.take(t)
		e, ok := t.(xml.EndElement)
		if !ok || e.Name.Local != "si" {
			return nil
		}
		w.shared = append(w.shared, text.done())
		if size += len(w.shared[len(w.shared)-1]); size > sharedBytesMax || len(w.shared) > sharedMax {
			return errors.New("more text than a tariff has")
		}
		return nil
	})
}

// richText collects the text of a cell, which may come in runs of different
// looks; how it is pronounced (rPh) is not part of it.
type richText struct {
	b        strings.Builder
	inText   bool
	phonetic bool
}

func (r *richText) take(t xml.Token) {
	switch e := t.(type) {
	case xml.StartElement:
		switch e.Name.Local {
		case "t":
			r.inText = true
		case "rPh":
			r.phonetic = true
		}
	case xml.EndElement:
		switch e.Name.Local {
		case "t":
			r.inText = false
		case "rPh":
			r.phonetic = false
		}
	case xml.CharData:
		if r.inText && !r.phonetic {
			writeCapped(&r.b, e)
		}
	}
}

// writeCapped cuts a cell that is beyond every limit: a spreadsheet allows 32,767
// letters, and what is longer than 1000 no tariff accepts.
func writeCapped(b *strings.Builder, text []byte) {
	const bytesMax = 128 << 10
	if b.Len() < bytesMax {
		b.Write(text)
	}
}

// done returns the text and makes ready for the next.
func (r *richText) done() string {
	s := unescape(r.b.String())
	r.b.Reset()
	return s
}

// unescape reads the notation _x000A_ for characters that XML cannot hold.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if len(s)-i >= 7 && s[i] == '_' && s[i+1] == 'x' && s[i+6] == '_' {
			if n, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				b.WriteRune(rune(n))
				i += 6
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func (w *incoming) readStyles(part string) error {
	custom := map[string]numberFormat{}
	inCells := false
	return w.each(part, func(t xml.Token) error {
		switch e := t.(type) {
		case xml.StartElement:
			switch {
			case e.Name.Local == "numFmt":
				custom[attr(e, "numFmtId")] = meaningOf(attr(e, "formatCode"))
			case e.Name.Local == "cellXfs":
				inCells = true
			case e.Name.Local == "xf" && inCells:
				id := attr(e, "numFmtId")
				f, ok := custom[id]
				if !ok {
					f = builtIn(id)
				}
				w.formats = append(w.formats, f)
			}
		case xml.EndElement:
			inCells = inCells && e.Name.Local != "cellXfs"
		}
		if len(w.formats) > stylesMax || len(custom) > stylesMax {
			return fmt.Errorf("more than %d styles", stylesMax)
		}
		return nil
	})
}

// builtIn is the meaning of the number formats that every spreadsheet has.
func builtIn(id string) numberFormat {
	switch n, _ := strconv.Atoi(id); {
	case n == 9 || n == 10:
		return formatPercent
	case n >= 14 && n <= 22, n >= 27 && n <= 36, n >= 45 && n <= 47, n >= 50 && n <= 58:
		return formatDate
	}
	return formatPlain
}

// meaningOf reads a format code: letters of dates and the percent sign count
// where they are not quoted, escaped or in brackets.
func meaningOf(code string) numberFormat {
	code, _, _ = strings.Cut(code, ";")
	if strings.EqualFold(code, "General") {
		return formatPlain
	}
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return formatPlain
			}
			i += end + 1
		case c == '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return formatPlain
			}
			i += end
		case c == '\\' || c == '_' || c == '*':
			i++
		case strings.IndexByte("yYmMdDhHsS", c) >= 0:
			return formatDate
		case c == '%':
			return formatPercent
		}
	}
	return formatPlain
}
