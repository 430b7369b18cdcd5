package sheets

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// spill keeps what is written to it, in memory up to spillLimit and in a temporary file
// beyond. Close removes the file.
type spill struct {
	memory bytes.Buffer
	file   *os.File
	size   int64 // bytes
}

const spillLimit = 8 << 20

func (s *spill) Write(b []byte) (int, error) {
	s.size += int64(len(b))
	if s.file == nil {
		if s.memory.Len()+len(b) <= spillLimit {
			return s.memory.Write(b)
		}
		f, err := os.CreateTemp("", "postage-workbook-*")
		if err != nil {
			return 0, err
		}
		s.file = f
		if _, err := s.memory.WriteTo(f); err != nil {
			return 0, err
		}
		s.memory = bytes.Buffer{}
	}
	return s.file.Write(b)
}

// copyTo writes all of it to w.
func (s *spill) copyTo(w io.Writer) error {
	if s.file == nil {
		_, err := w.Write(s.memory.Bytes())
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, s.file)
	return err
}

func (s *spill) close() error {
	s.memory = bytes.Buffer{}
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
