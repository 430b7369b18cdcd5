package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestImportLaw holds the arrows of DESIGN, "Layout": rating imports nothing of
// ours; ingest and reports import rating, never each other; storage imports the
// types it stores; cmd imports all; each outside client has one package.
func TestImportLaw(t *testing.T) {
	files := productionFiles(t)
	seen := map[string]bool{}
	for _, f := range files {
		seen[f.pkg] = true
		for _, imported := range f.imports {
			if why := forbidden(f.pkg, imported); why != "" {
				t.Errorf("%s imports %s: %s", f.name, imported, why)
			}
		}
	}
	for _, pkg := range []string{"cmd/postage", "ingest", "ingest/kafka", "rating", "reports", "reports/closing", "reports/books", "reports/sheets", "reports/wording", "schemas/clickhouse", "schemas/events", "schemas/tariff"} {
		if !seen[pkg] {
			t.Errorf("package %s: no file found; the law would not be held", pkg)
		}
	}
}

// ratingImports is all that rating may use: what cannot reach a file, a socket, a
// clock or another goroutine. time is here for dates and zones; TestClock sees to
// time.Now. fmt is here for Sprintf; no package of os can be reached through the
// functions that rating calls.
var ratingImports = []string{
	"cmp", "crypto/sha256", "encoding/json", "errors", "fmt", "iter", "maps", "math", "math/bits",
	"slices", "sort", "strconv", "strings", "time", "unicode", "unicode/utf8",
	"github.com/shopspring/decimal",
}

// clients are packages from outside that have one home each.
var clients = []struct {
	prefix string
	homes  []string
}{
	{"github.com/ClickHouse/", []string{"schemas/clickhouse"}},
	{"github.com/segmentio/kafka-go", []string{"ingest/kafka"}},
	{"github.com/xuri/excelize", []string{"reports/sheets"}},
	{"github.com/twmb/franz-go", []string{"ingest/kafka/embedded", "ingest/kafka/apachekafka"}},
	{"modernc.org/sqlite", []string{"reports/books"}},
	{"github.com/alecthomas/kong", []string{"cmd/postage"}},
	{"github.com/prometheus/", []string{"ingest/metrics"}},
	{"github.com/ebitengine/purego", []string{"schemas/clickhouse/embedded"}},
}

// forbidden says why a package may not import another, "" when it may.
func forbidden(pkg, imported string) string {
	for _, c := range clients {
		if strings.HasPrefix(imported, c.prefix) && !slices.Contains(c.homes, pkg) {
			return "only " + strings.Join(c.homes, " and ") + " may"
		}
	}
	if imported == "C" {
		return "there is no cgo"
	}
	if within(pkg, "rating") && !slices.Contains(ratingImports, imported) {
		return "rating is pure; its imports are listed in this test"
	}
	ours, isOurs := strings.CutPrefix(imported, "postage/")
	if !isOurs {
		return ""
	}
	switch {
	case within(ours, "cmd"):
		return "cmd is imported by nobody"
	case within(ours, "ingest/kafka/apachekafka"):
		return "Apache Kafka is started by tests only"
	case within(ours, "schemas/maven"):
		if within(pkg, "ingest/kafka/apachekafka") {
			return ""
		}
		return "Maven serves tests only"
	case within(pkg, "cmd"):
		return ""
	case within(pkg, "ingest"):
		return unless(ours, "ingest", "rating", "schemas/events")
	case within(pkg, "reports"):
		return unless(ours, "reports", "rating", "schemas/tariff", "schemas/events")
	case within(pkg, "schemas/clickhouse"):
		return unless(ours, "schemas/clickhouse", "ingest", "reports", "rating")
	case within(pkg, "schemas"):
		return unless(ours, "schemas/events", "schemas/tariff", "rating")
	default:
		return "a package outside the layout"
	}
}

func unless(pkg string, allowed ...string) string {
	for _, a := range allowed {
		if within(pkg, a) {
			return ""
		}
	}
	return "it may import of ours only " + strings.Join(allowed, ", ")
}

func within(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

// TestClock: time is an argument. Only cmd and ingest read the clock; the embedded
// engine does while it is being fetched and while it waits for a lock. Some wait, which
// decides nothing about any figure: the store for appends to end and to be forgotten, the lease of
// the books to be renewed, Maven's jars for another try.
func TestClock(t *testing.T) {
	for _, f := range productionFiles(t) {
		if within(f.pkg, "cmd") || within(f.pkg, "ingest") || f.pkg == "schemas/clickhouse/embedded" {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if slices.Contains([]string{"schemas/clickhouse", "reports/books", "schemas/maven"}, f.pkg) && slices.Contains([]string{"After", "AfterFunc", "NewTimer", "NewTicker"}, sel.Sel.Name) {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc"}, sel.Sel.Name) {
				t.Errorf("%s reads the clock: time.%s", f.name, sel.Sel.Name)
			}
			return true
		})
	}
}

// TestPureRating: besides its imports, nothing in rating starts a goroutine, uses a
// channel or computes in floats.
func TestPureRating(t *testing.T) {
	for _, f := range productionFiles(t) {
		if !within(f.pkg, "rating") {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt, *ast.SelectStmt, *ast.ChanType, *ast.SendStmt:
				t.Errorf("%s: rating starts no goroutine and has no channel", f.name)
			case *ast.Ident:
				if n.Name == "float64" || n.Name == "float32" {
					t.Errorf("%s: no float in rating", f.name)
				}
			}
			return true
		})
	}
}

// TestTopLevel: a newcomer sees the architecture in ls. What is not in git does not
// count.
func TestTopLevel(t *testing.T) {
	allowed := []string{
		"cmd", "ingest", "rating", "reports", "schemas",
		"go.mod", "go.sum", "tools.mod", "tools.sum", "README.md", "CHANGELOG.md", "LICENSE", "Makefile",
		".golangci.yml", ".ci", ".git", ".gitignore", ".gitattributes", ".editorconfig",
	}
	ignored, err := os.ReadFile(filepath.Join(root(t), ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(ignored)) {
		allowed = append(allowed, strings.Trim(strings.TrimSpace(line), "/"))
	}
	entries, err := os.ReadDir(root(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.ContainsFunc(allowed, func(pattern string) bool { ok, _ := path.Match(pattern, e.Name()); return ok }) {
			t.Errorf("%s: not of the layout", e.Name())
		}
	}
}

type goFile struct {
	name    string // from the root
	pkg     string // its folder
	imports []string
	syntax  *ast.File
}

// productionFiles are all Go files but tests, for every platform.
func productionFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := fs.WalkDir(os.DirFS(root(t)), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root(t), name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		f := goFile{name: name, pkg: path.Dir(name), syntax: syntax}
		for _, spec := range syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, imported)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// root is the folder of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}
