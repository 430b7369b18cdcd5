package clickhouse

import (
	"fmt"
	"postage/ingest"
	"strings"
	"testing"
)

// TestRefusals: every refusal comes once, with what was asked for and what became
// of it.
func TestRefusals(t *testing.T) {
	s := open(t)
	refused := func(partition int32, offset int64, item int32, reason string) ingest.Refused {
		return ingest.Refused{
			Origin: ingest.Origin{Topic: topic, Partition: partition, Offset: offset, Index: item}, ArrivedAt: 1_800_000_000_123,
			Reason: reason, Detail: "it's \\ \"quoted\"", Key: []byte{0, 'k'}, Value: []byte("\xff'\x00\\"),
		}
	}
	all := []ingest.Refused{refused(0, 7, 0, "not_json"), refused(0, 7, 3, "bad_value"), refused(1, 7, 0, "not_json"), refused(0, 9, 0, "bad_value")}
	appendBatch(t, s, ingest.Batch{Refused: append(all, all[0])}) // one stored twice
	to := ingest.Origin{Topic: topic, Partition: 5, Offset: 50}
	for offset := range int64(2) { // the later replay counts
		to.Offset = 50 + offset
		if err := s.SaveReplays(t.Context(), []ingest.Replay{{Of: ingest.Origin{Topic: topic, Offset: 7}, To: to, Edited: offset == 1}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		RefusedFilter
		want []string
	}{
		{"open", RefusedFilter{}, []string{"0/9/0", "1/7/0"}},
		{"all", RefusedFilter{Replayed: true}, []string{"0/7/0", "0/7/3", "0/9/0", "1/7/0"}},
		{"limited", RefusedFilter{Replayed: true, Limit: 2}, []string{"0/7/0", "0/7/3"}},
		{"of a reason", RefusedFilter{Replayed: true, Reason: "bad_value"}, []string{"0/7/3", "0/9/0"}},
		{"of records", RefusedFilter{Replayed: true, Records: []ingest.Origin{{Topic: topic, Offset: 7}, {Topic: topic, Partition: 1, Offset: 7, Index: 9}}}, []string{"0/7/0", "0/7/3", "1/7/0"}},
		{"of a topic that is not there", RefusedFilter{Replayed: true, Records: []ingest.Origin{{Topic: "other", Offset: 7}}}, nil},
		{"of the future", RefusedFilter{Replayed: true, Since: 4_000_000_000_000}, nil},
	} {
		for _, content := range []bool{false, true} {
			tt.Content = content
			got, err := s.Refusals(t.Context(), tt.RefusedFilter)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, r := range got {
				names = append(names, strings.TrimPrefix(r.Origin.String(), topic+"/"))
				if r.Bytes != 4 || r.Detail != all[0].Detail || r.ArrivedAt != all[0].ArrivedAt || r.RefusedAt == 0 {
					t.Errorf("%s: %+v", tt.name, r)
				}
				if has := string(r.Value) == string(all[0].Value) && string(r.Key) == string(all[0].Key); has != content || !content && len(r.Key)+len(r.Value) > 0 {
					t.Errorf("%s: key %q, value %q with content %v", tt.name, r.Key, r.Value, content)
				}
				if replayed := r.Offset == 7 && r.Partition == 0; replayed != (r.Replays == 2) || replayed && (r.Last.To != to || !r.Last.Edited) {
					t.Errorf("%s: %s: %d replays, last %+v", tt.name, r.Origin, r.Replays, r.Last)
				}
			}
			if fmt.Sprint(names) != fmt.Sprint(tt.want) {
				t.Errorf("%s: got %v, want %v", tt.name, names, tt.want)
			}
		}
	}
}

// TestLoads: a file is known by its content, under the name it had last, and is
// complete when the ledger has reached its end.
func TestLoads(t *testing.T) {
	s := open(t)
	for _, name := range []string{"march.csv", "renamed.csv"} {
		if err := s.SaveLoad(t.Context(), ingest.FileLoad{Topic: "load:a", File: name, Bytes: 100, Records: 3, End: 5}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SaveLoad(t.Context(), ingest.FileLoad{Topic: "load:b", File: "april.csv", End: 5}); err != nil {
		t.Fatal(err)
	}
	appendBatch(t, s, ingest.Batch{Spans: []ingest.Span{{Topic: "load:a", To: 2}, {Topic: "load:a", From: 2, To: 4}}})
	got, err := s.Loads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Loaded{
		{ingest.FileLoad{Topic: "load:a", File: "renamed.csv", Bytes: 100, Records: 3, End: 5}, 4},
		{ingest.FileLoad{Topic: "load:b", File: "april.csv", End: 5}, 0},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
