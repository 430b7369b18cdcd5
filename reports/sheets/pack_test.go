package sheets

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func TestJoinSums(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	content := make([]byte, 70_000)
	for i := range content {
		content[i] = byte(r.Uint32())
	}
	want := crc32.ChecksumIEEE(content)
	for _, at := range []int{0, 1, 2, 255, 256, 65_536, len(content)} {
		got := joinSums(crc32.ChecksumIEEE(content[:at]), crc32.ChecksumIEEE(content[at:]), int64(len(content)-at))
		if got != want {
			t.Errorf("cut at %d: got sum %08x, want %08x", at, got, want)
		}
	}
}

// What is packed in blocks beside each other is one file to every reader, also
// when it was too large for memory, and leaves nothing behind.
func TestPacksAreOneFile(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	r := rand.New(rand.NewPCG(3, 4))
	var want bytes.Buffer
	parts := make([]*pack, 3)
	for i := range parts {
		p := &pack{}
		for want.Len() < (i+1)*8*spillLimit/5 {
			line := fmt.Appendf(nil, "%d,%016x\n", r.IntN(1000), r.Uint64())
			want.Write(line)
			p.write(line)
		}
		if err := p.finish(); err != nil {
			t.Fatal(err)
		}
		parts[i] = p
	}
	if parts[0].packed.file == nil && parts[0].packed.size > spillLimit {
		t.Error("a large part stays in memory")
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	if err := writePart(z, "part", parts); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	in, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	f, err := in.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(f) // checks the sum and the size
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("got %d bytes (%v), want the %d written", len(got), err, want.Len())
	}
	for _, p := range parts {
		if err := p.packed.close(); err != nil {
			t.Error(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(temporary, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSpillLeavesMemory(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var s spill
	line := bytes.Repeat([]byte("x"), 1<<20)
	for range 9 {
		if _, err := s.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if s.file == nil || s.memory.Cap() != 0 {
		t.Fatal("9 MB are kept in memory")
	}
	name := s.file.Name()
	var out bytes.Buffer
	if err := s.copyTo(&out); err != nil || out.Len() != 9<<20 {
		t.Errorf("got %d bytes (%v), want %d", out.Len(), err, 9<<20)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(name); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", name, err)
	}
}
