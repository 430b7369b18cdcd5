package pdf

import (
	"bytes"
	_ "embed" // the two fonts
	"fmt"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// Noto Sans: Latin, Greek and Cyrillic, all figures of one width. Licence:
// fonts/OFL.txt.
var (
	//go:embed fonts/NotoSans-Regular.ttf
	regularTTF []byte
	//go:embed fonts/NotoSans-Bold.ttf
	boldTTF []byte
)

// weight chooses one of the two embedded fonts.
type weight int

const (
	regular weight = iota
	bold
	weights
)

var psNames = [weights]string{"NotoSans-Regular", "NotoSans-Bold"}

// typeface is one embedded font, read once for all documents and not changed
// afterwards.
type typeface struct {
	shape   *font.Font // for shaping and widths
	outline *trueType  // for embedding
}

// typefaces parses the embedded fonts on first use, about 5 ms.
var typefaces = sync.OnceValues(func() ([weights]typeface, error) {
	var faces [weights]typeface
	for w, b := range [weights][]byte{regular: regularTTF, bold: boldTTF} {
		ld, err := opentype.NewLoader(bytes.NewReader(b))
		if err != nil {
			return faces, fmt.Errorf("font %s: %w", psNames[w], err)
		}
		if faces[w].shape, err = font.NewFont(ld); err != nil {
			return faces, fmt.Errorf("font %s: %w", psNames[w], err)
		}
		if faces[w].outline, err = parseTrueType(b); err != nil {
			return faces, fmt.Errorf("font %s: %w", psNames[w], err)
		}
	}
	return faces, nil
})
