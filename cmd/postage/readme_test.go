package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// runnable marks the fenced blocks of README.md that this test executes.
const runnable = "```sh run=test"

// TestReadme runs the blocks of README.md that are fenced as ```sh run=test, in
// order, in one folder, with postage on PATH. A line that fails fails the test.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := readmeBlocks(string(text))
	if len(blocks) == 0 {
		t.Fatalf("README.md has no block fenced as %s: nothing in it is known to work", runnable)
	}
	dir := t.TempDir()
	for _, b := range blocks {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		cmd := exec.CommandContext(ctx, "bash", "-e", "-u", "-o", "pipefail", "-c", b.script)
		cmd.Dir = dir
		began := time.Now()
		out, err := cmd.CombinedOutput()
		cancel()
		if err != nil {
			t.Fatalf("README.md:%d: %v\n%s\n%s", b.line, err, b.script, out)
		}
		t.Logf("README.md:%d: %.1f s", b.line, time.Since(began).Seconds())
	}
}

type block struct {
	line   int
	script string
}

func readmeBlocks(text string) []block {
	var blocks []block
	open := false
	line := 0
	for l := range strings.Lines(text) {
		line++
		switch trimmed := strings.TrimSpace(l); {
		case !open && trimmed == runnable:
			open = true
			blocks = append(blocks, block{line: line})
		case open && trimmed == "```":
			open = false
		case open:
			blocks[len(blocks)-1].script += l
		}
	}
	return blocks
}

func TestReadmeBlocks(t *testing.T) {
	got := fmt.Sprint(readmeBlocks("a\n```sh\nno\n```\n```sh run=test\nb\nc\n```\n```sh run=test\nd\n```\n"))
	if want := "[{5 b\nc\n} {9 d\n}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
