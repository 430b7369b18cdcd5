package sheets

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// python finds one that has openpyxl, which not every python3 on the path has.
func python(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), name, "-c", "import openpyxl").Run() == nil {
			return name
		}
	}
	t.Fatal("no python3 with openpyxl: install python3-openpyxl (make tools-test does)")
	return ""
}

// soffice converts files to another format with LibreOffice and returns the folder
// of the results.
func soffice(t testing.TB, format string, files ...string) string {
	t.Helper()
	program, err := exec.LookPath("soffice")
	if err != nil {
		t.Fatal("no soffice on the path: install libreoffice-calc-nogui (make tools-test does)")
	}
	dir := t.TempDir()
	args := append([]string{"-env:UserInstallation=file://" + filepath.Join(dir, "profile"), "--headless", "--convert-to", format, "--outdir", filepath.Join(dir, "out")}, files...)
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("soffice: %v\n%s", err, out)
	}
	return filepath.Join(dir, "out")
}

// officeCSV is the first sheet of each workbook as LibreOffice shows it, row by row.
func officeCSV(t testing.TB, workbooks ...[]byte) (sheets [][][]string) {
	t.Helper()
	var paths []string
	for i, b := range workbooks {
		paths = append(paths, save(t, fmt.Sprintf("book%d.xlsx", i), b))
	}
	out := soffice(t, "csv:Text - txt - csv (StarCalc):44,34,76", paths...)
	for i := range workbooks {
		content, err := os.ReadFile(filepath.Join(out, fmt.Sprintf("book%d.csv", i)))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		sheets = append(sheets, rows)
	}
	return sheets
}

// pyCell is a cell as openpyxl reads it.
type pyCell struct{ sheet, at, kind, value string }

// openpyxl reads every cell of a workbook.
func openpyxl(t testing.TB, workbook []byte) []pyCell {
	t.Helper()
	path := save(t, "book.xlsx", workbook)
	cmd := exec.CommandContext(t.Context(), python(t), filepath.Join("testdata", "cells.py"), path)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openpyxl: %v\n%s", err, stderr.Bytes())
	}
	var cells []pyCell
	for line := range bytes.Lines(out) {
		var c [5]string
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		cells = append(cells, pyCell{c[1], c[2], c[3], c[4]})
	}
	return slices.Clip(cells)
}

func save(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
