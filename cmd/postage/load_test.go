package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"postage/ingest"
	"postage/ingest/kafka"
	"postage/ingest/load"
	"postage/schemas/events/traffic"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// command runs the command line in this process, against broker and engine of the
// plant, and returns its exit status and output.
func (p *plant) command(args ...string) (status int, out, errOut string) {
	p.t.Helper()
	var o, e bytes.Buffer
	args = append(args, "--kafka", p.Kafka, "--clickhouse", p.Clickhouse, "--data", p.Data)
	status = run(args, strings.NewReader(""), &o, &e)
	return status, o.String(), e.String()
}

// must is command, which must end with that status.
func (p *plant) must(want int, args ...string) (out, errOut string) {
	p.t.Helper()
	status, out, errOut := p.command(args...)
	if status != want {
		p.t.Fatalf("postage %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), status, want, out, errOut)
	}
	return out, errOut
}

// wantText fails unless a text has all the parts.
func wantText(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in:\n%s", part, text)
		}
	}
}

// complete fails when anything is missing from the log.
func (p *plant) complete() {
	p.t.Helper()
	faults, err := incomplete(p.t.Context(), p.engines, month("2026-10"))
	if err != nil || len(faults) > 0 {
		p.t.Errorf("the log is not complete: %q, %v", faults, err)
	}
}

func writeLines(t *testing.T, path string, records []kafka.Produced) {
	t.Helper()
	var b bytes.Buffer
	for _, r := range records {
		b.Write(r.Value)
		b.WriteByte('\n')
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// tableRow is a v1 event as a row of a Parquet file.
type tableRow struct {
	Type        string  `parquet:"type"`
	Time        string  `parquet:"time"`
	MessageID   string  `parquet:"message_id"`
	Sender      string  `parquet:"sender"`
	User        string  `parquet:"user"`
	Account     *string `parquet:"account,optional"`
	UserCountry *string `parquet:"user_country,optional"`
	Kind        *string `parquet:"kind,optional"`
	Category    *string `parquet:"category,optional"`
	Template    *string `parquet:"template,optional"`
	Referral    *string `parquet:"referral,optional"`
	Client      *string `parquet:"client,optional"`
	Source      *string `parquet:"source,optional"`
	Billable    *bool   `parquet:"pricing_billable,optional"`
	Model       *string `parquet:"pricing_model,optional"`
	Offer       *string `parquet:"pricing_type,optional"`
	Claimed     *string `parquet:"pricing_category,optional"`
	Code        *int64  `parquet:"error_code,optional"`
	Title       *string `parquet:"error_title,optional"`
}

// flatten gives the members of v1 events as columns, named pricing.model and so on.
func flatten(t *testing.T, value []byte) map[string]string {
	t.Helper()
	var record map[string]any
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	if err := d.Decode(&record); err != nil {
		t.Fatal(err)
	}
	flat := map[string]string{}
	for name, v := range record {
		if members, ok := v.(map[string]any); ok {
			for member, v := range members {
				flat[name+"."+member] = fmt.Sprint(v)
			}
			continue
		}
		flat[name] = fmt.Sprint(v)
	}
	return flat
}

func writeCSV(t *testing.T, path string, records []kafka.Produced) {
	t.Helper()
	var rows []map[string]string
	names := map[string]bool{}
	for _, r := range records {
		row := flatten(t, r.Value)
		rows = append(rows, row)
		for name := range row {
			names[name] = true
		}
	}
	columns := slices.Sorted(maps.Keys(names))
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(columns)
	for _, row := range rows {
		var cells []string
		for _, name := range columns {
			cells = append(cells, row[name])
		}
		w.Write(cells)
	}
	w.Flush()
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func writeParquet(t *testing.T, path string, records []kafka.Produced) {
	t.Helper()
	var rows []tableRow
	for _, r := range records {
		flat := flatten(t, r.Value)
		text := func(name string) *string {
			if v, ok := flat[name]; ok {
				return &v
			}
			return nil
		}
		row := tableRow{
			Type: flat["type"], Time: flat["time"], MessageID: flat["message_id"], Sender: flat["sender"], User: flat["user"],
			Account: text("account"), UserCountry: text("user_country"), Kind: text("kind"), Category: text("category"), Template: text("template"),
			Referral: text("referral"), Client: text("client"), Source: text("source"),
			Model: text("pricing.model"), Offer: text("pricing.type"), Claimed: text("pricing.category"), Title: text("error.title"),
		}
		if v, ok := flat["pricing.billable"]; ok {
			billable := v == "true"
			row.Billable = &billable
		}
		if v, ok := flat["error.code"]; ok {
			var code int64
			if _, err := fmt.Sscan(v, &code); err != nil {
				t.Fatal(err)
			}
			row.Code = &code
		}
		rows = append(rows, row)
	}
	if err := parquet.WriteFile(path, rows, parquet.MaxRowsPerRowGroup(500)); err != nil {
		t.Fatal(err)
	}
}

// TestLoad: a month that comes from files of every kind is rated as one that came
// from Kafka; files with what Kafka brought change nothing; loading again, under
// another name, does nothing.
func TestLoad(t *testing.T) {
	t.Parallel()
	october := month("2026-10")
	p := newPlant(t, embeddedBroker(t), "example")
	records := monthOf(t, p.tariff.Tariff, october, 2000, traffic.V1)
	want := offline(t, p.tariff.Tariff, october, records)
	dir := t.TempDir()
	name := func(s string) string { return filepath.Join(dir, s) }
	third := len(records) / 3
	writeLines(t, name("a.jsonl"), records[:third])
	writeCSV(t, name("b.csv"), records[third:2*third])
	writeParquet(t, name("c.parquet"), records[2*third:])

	draft := func() any {
		t.Helper()
		r, err := p.closer().Draft(t.Context(), october)
		if err != nil {
			t.Fatal(err)
		}
		return r.Statements
	}
	out, errOut := p.must(0, "load", name("a.jsonl"), name("b.csv"), name("c.parquet"))
	if errOut != "" {
		t.Errorf("stderr: %s", errOut)
	}
	wantText(t, out, grouped(int64(len(records)))+" records: ", ", 0 refused; 0 records already there")
	equalJSON(t, "statements from files", draft(), want)
	p.complete()

	p.produce(records...)
	p.ingest()
	equalJSON(t, "statements from files and Kafka", draft(), want)
	p.complete()

	// Under another name, and twice in one command.
	again := t.TempDir()
	copyTree(t, dir, again)
	before := p.one("SELECT count() FROM events")
	out, _ = p.must(0, "load", filepath.Join(again, "a.jsonl"), name("a.jsonl"), filepath.Join(again, "c.parquet"))
	wantText(t, out, again+"/a.jsonl: already loaded", "/a.jsonl: same content as "+filepath.Join(again, "a.jsonl"), "0 records: 0 events stored", grouped(int64(len(records)-third))+" records already there")
	if got := p.one("SELECT count() FROM events"); got != before {
		t.Errorf("events after loading again: got %s, want %s", got, before)
	}

	// The other way round: a log that has it all from Kafka.
	k := newPlant(t, embeddedBroker(t), "example")
	k.produce(records...)
	k.ingest()
	k.must(0, "load", name("a.jsonl"), name("b.csv"), name("c.parquet"))
	if got, want := k.one("SELECT count() FROM events"), fmt.Sprint(2*len(records)); got != want {
		t.Errorf("events from Kafka and files: got %s, want %s", got, want)
	}
	r, err := k.closer().Draft(t.Context(), october)
	if err != nil {
		t.Fatal(err)
	}
	equalJSON(t, "statements from Kafka and files", r.Statements, want)
	// Each file has given the same events as the topic; only members that nobody
	// knows are not in all of the files.
	const columns = "type, time, message_id, sender, user, account, user_country, kind, category, template, referral, client, source, claim_billable, claim_model, claim_type, claim_category, error_code, error_title"
	if got := k.sql("SELECT " + columns + ", count() % 2 AS odd FROM events GROUP BY ALL HAVING odd = 1 LIMIT 4"); len(got) > 0 {
		t.Errorf("events that differ between Kafka and files: %q", got)
	}
}

// TestLoadRefuses: what is refused is told by file and line, is in table and topic,
// and is no failure; a file that cannot be read is one, before anything is loaded.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	dir := t.TempDir()
	good := `{"type":"message.sent","time":"2026-10-01T09:00:00Z","message_id":"m","sender":"+12125550101","user":"+12125550199"}`
	future := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	path, broken := filepath.Join(dir, "e.jsonl"), filepath.Join(dir, "broken.gz")
	body := `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"12125550101","phone_number_id":"1"},` +
		`"statuses":[{"id":"body-good","status":"sent","timestamp":"1792065600","recipient_id":"12125550199"},{"id":"body-bad","status":"sent","timestamp":"soon","recipient_id":"12125550199"}]}}]}]}`
	lines := []string{good, "", "\x1b[31mnonsense", strings.Replace(good, "2026-10-01T09:00:00Z", future, 1), strings.Replace(good, `"+12125550199"`, `"12125550199"`, 1), body}
	for range 20 {
		lines = append(lines, "{}")
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, []byte("\x1f\x8b\x08 not gzip at all"), 0o600); err != nil {
		t.Fatal(err)
	}

	_, errOut := p.must(1, "load", path, broken)
	wantText(t, errOut, "nothing was loaded: "+broken+": ")
	if got := p.one("SELECT count() FROM events"); got != "0" {
		t.Errorf("events after a file that cannot be read: %s", got)
	}
	p.must(2, "load", filepath.Join(dir, "none"))

	out, errOut := p.must(0, "load", path)
	wantText(t, out, "25 records: 2 events stored, 24 refused; 0 records already there")
	wantText(t, errOut, path+":3: refused: not_json", path+":4: refused: impossible_time", path+":5: refused: bad_value: user: found \"", "99\", expected + and 7 to 15 digits", path+":6: refused: bad_value: entry/0/changes/0/value/statuses/1", "14 more refused")
	if strings.Contains(errOut, "12125550199") || strings.Contains(errOut, "\x1b") {
		t.Errorf("a number of a user, or a control character, on the terminal:\n%s", errOut)
	}
	if got := p.one("SELECT count() FROM refused"); got != "24" {
		t.Errorf("refused: %s, want 24", got)
	}
	if got := len(readTopic(t, p.Kafka, refusedTopic)); got != 24 {
		t.Errorf("records in topic %s: %d, want 24", refusedTopic, got)
	}
	p.complete()
	out, _ = p.must(0, "load", "--json", path)
	var summary struct {
		Files []struct{ State string }
		There int64 `json:"already_there"`
	}
	if err := json.Unmarshal([]byte(out), &summary); err != nil || len(summary.Files) != 1 || summary.Files[0].State != "already_loaded" || summary.There != 25 {
		t.Errorf("again: %s, %v; want it to be loaded already", out, err)
	}
}

// TestDeathDuringLoad kills `postage load` (-9) over and over. In the end every
// record of the file is in the log, none twice, and the ledger closes.
func TestDeathDuringLoad(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	chance := randomly(t)
	const rows = 400_000
	path := filepath.Join(t.TempDir(), "long.jsonl")
	var b bytes.Buffer
	for i := range rows {
		if i%1000 == 7 {
			b.WriteString("nonsense\n")
			continue
		}
		fmt.Fprintf(&b, `{"type":"message.sent","time":"2026-10-01T09:00:00Z","message_id":"m%d","sender":"+12125550101","user":"+1212555%04d"}`+"\n", i, i%9973)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"load", "-v", "--clickhouse", "clickhouse://" + gentle(t) + "/" + p.database, "--data", p.Data, path}
	deaths, completed := 0, 0
	for ended := false; !ended; {
		var log bytes.Buffer
		cmd := command(t, args...)
		cmd.Stdout, cmd.Stderr = &log, &log
		stored := func() string { return p.one("SELECT count() FROM events") }
		before := stored()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		if deaths < 5 { // as soon as it has written something, or a little later
			for deadline := time.Now().Add(20 * time.Second); stored() == before && time.Now().Before(deadline) && len(done) == 0; {
				time.Sleep(time.Millisecond)
			}
			if deaths%2 == 1 {
				time.Sleep(time.Duration(chance.IntN(60)) * time.Millisecond)
			}
			cmd.Process.Kill()
		}
		err := <-done
		completed += strings.Count(log.String(), "completing a batch that was cut short")
		if err == nil {
			ended = true
			wantText(t, log.String(), "records already there")
		} else if deaths++; deaths > 5 {
			t.Fatalf("the load that nobody killed: %v\n%s", err, log.String())
		}
		if deaths == 1 && !ended {
			faults, err := incomplete(t.Context(), &engines{store: p.engines.store}, month("2026-10"))
			if err != nil || len(faults) != 1 || !strings.Contains(faults[0], path+" (topic load:") {
				t.Errorf("after the first death: faults %q, %v; want one that names the file", faults, err)
			}
		}
	}
	if deaths == 0 {
		t.Error("nobody died")
	}
	t.Logf("%d deaths, %d batches cut short and completed", deaths, completed)
	if got := p.one("SELECT (count(), uniqExact(topic, partition, offset, item)) FROM events"); got != fmt.Sprintf("(%d,%d)", rows-rows/1000, rows-rows/1000) {
		t.Errorf("events, and different origins: got %s, want %d of either", got, rows-rows/1000)
	}
	if got := p.one("SELECT (count(), uniqExact(offset)) FROM refused"); got != fmt.Sprintf("(%d,%d)", rows/1000, rows/1000) {
		t.Errorf("refused, and different origins: got %s, want %d of either", got, rows/1000)
	}
	p.complete()
}

// TestLoadCompletes: rows that a load wrote before it died, without their span, are
// neither lost nor repeated by the next one.
func TestLoadCompletes(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	records := monthOf(t, p.tariff.Tariff, month("2026-10"), 100, traffic.Webhook)
	path := filepath.Join(t.TempDir(), "e.jsonl")
	writeLines(t, path, records)
	file, err := load.Inspect(t.Context(), path, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	var left ingest.Batch
	decoder := newDecoder(p.tariff.Tariff)
	total := 0
	for offset, r := range records {
		items, _ := decoder.Decode(nil, r.Value, 0)
		total += len(items)
		for i, item := range items {
			if offset < 20 && (offset+i)%2 == 0 { // the parts of a block arrive in any order
				left.Events = append(left.Events, ingest.Record{Origin: ingest.Origin{Topic: file.Topic, Offset: int64(offset), Index: item.Index}, Event: item.Event})
			}
		}
	}
	p.append(left)
	out, _ := p.must(0, "load", "--tariff", "example", path)
	wantText(t, out, fmt.Sprintf("%d records: ", len(records)), "events stored, 0 refused; 0 records already there")
	if got := p.one("SELECT (count(), uniqExact(topic, partition, offset, item)) FROM events"); got != fmt.Sprintf("(%d,%d)", total, total) {
		t.Errorf("events, and different origins: got %s, want %d of either", got, total)
	}
	p.complete()
}

// TestTwoLoads: of two loads of one file at once the later one goes on; no record is
// there twice, and none is missing.
func TestTwoLoads(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	const rows = 300_000
	var b bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&b, `{"type":"message.sent","time":"2026-10-01T09:00:00Z","message_id":"m%d","sender":"+12125550101","user":"+1212555%04d"}`+"\n", i, i%9973)
	}
	path := filepath.Join(t.TempDir(), "long.jsonl")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	type ending struct {
		status int
		text   string
	}
	first := make(chan ending)
	go func() {
		status, out, errOut := p.command("load", path)
		first <- ending{status, out + errOut}
	}()
	for deadline := time.Now().Add(30 * time.Second); p.one("SELECT count() FROM events") == "0" && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	out, _ := p.must(0, "load", path)
	if e := <-first; e.status != 1 || !strings.Contains(e.text, "another load of this file has begun and goes on with it") {
		t.Errorf("the first load: exit status %d: %s; want it to give way", e.status, e.text)
	}
	wantText(t, out, "records already there")
	if got := p.one("SELECT (count(), uniqExact(topic, partition, offset, item)) FROM events"); got != fmt.Sprintf("(%d,%d)", rows, rows) {
		t.Errorf("events, and different origins: got %s, want %d of either", got, rows)
	}
	p.complete()
}
