package clickhouse

import (
	"errors"
	"testing"
)

func TestTariffsAreKept(t *testing.T) {
	s := open(t)
	content := []byte("accounts.csv\x00\xff\n")
	for range 2 {
		if err := s.SaveTariff(t.Context(), "sha256:aa", content); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.LoadTariff(t.Context(), "sha256:aa"); err != nil || string(got) != string(content) {
		t.Errorf("LoadTariff: got %q, %v; want %q", got, err, content)
	}
	if err := s.SaveTariff(t.Context(), "sha256:aa", []byte("other")); err == nil {
		t.Error("SaveTariff of other content under the same version: got no error")
	}
	if _, err := s.LoadTariff(t.Context(), "sha256:bb"); !errors.Is(err, ErrNoTariff) {
		t.Errorf("LoadTariff of an unknown version: got %v, want ErrNoTariff", err)
	}
}
