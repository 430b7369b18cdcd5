//go:build linux || darwin

package ubl

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"postage/schemas/maven"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

// finding is a rule that a file breaks. ID is "" for what the schema finds.
type finding struct{ level, rule, text string }

// validation is what the official rules say of one file.
type validation struct {
	steps    []string // taken: the schema, EN 16931, Peppol
	findings []finding
}

func (v validation) rules() (out []string) {
	for _, f := range v.findings {
		out = append(out, f.rule)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// validate holds all files of a folder against the schemas of UBL 2.1 and the rule
// sets of EN 16931 and, those named *.peppol.xml, of Peppol BIS Billing 3.0.
func validate(t *testing.T, folder string) map[string]validation {
	t.Helper()
	pom, err := os.ReadFile("testdata/pom.xml")
	if err != nil {
		t.Fatal(err)
	}
	jars, err := maven.Jars(t.Context(), "einvoicerules", pom)
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(jars, "*.jar"))
	if err != nil {
		t.Fatal(err)
	}
	classes := t.TempDir()
	path := strings.Join(append(paths, classes), string(os.PathListSeparator))
	ecj := slices.IndexFunc(paths, func(p string) bool { return strings.HasPrefix(filepath.Base(p), "ecj-") })
	if ecj < 0 {
		t.Fatalf("no compiler among %d jars in %s", len(paths), jars)
	}
	java(t, "-jar", paths[ecj], "-nowarn", "-source", "17", "-target", "17", "-cp", path, "-d", classes, "testdata/Validate.java")
	out := java(t, "-XX:TieredStopAtLevel=1", "-cp", path, "Validate", folder)

	results := map[string]validation{}
	for l := range strings.Lines(out) {
		f := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
		if len(f) != 4 {
			t.Fatalf("the validator says %q", l)
		}
		v := results[f[0]]
		if f[1] == "checked" {
			v.steps = append(v.steps, f[2])
		} else {
			v.findings = append(v.findings, finding{f[1], f[2], f[3]})
		}
		results[f[0]] = v
	}
	return results
}

func java(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "java", args...)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("java: %v\n%s", err, errOut.String())
	}
	return string(out)
}

// broken are mistakes that the rules must find: otherwise a test that finds nothing
// would say nothing.
var broken = []struct {
	name, of string // file, document it is made from
	rule     string
	change   func(xml string) string
}{
	{"sum", "fernhill-retail-GBP-invoice", "BR-CO-15", replace(`(<cbc:TaxInclusiveAmount currencyID="GBP">)\d`, "${1}9")},
	{"line", "fernhill-retail-GBP-invoice", "BR-CO-10", replace(`(<cbc:LineExtensionAmount currencyID="GBP">)\d`, "${1}9")},
	{"reason", "alpenglueck-reisen-EUR-invoice", "BR-AE-10", replace(`<cbc:TaxExemptionReason.*</cbc:TaxExemptionReason(Code)?>`, "")},
	{"preceding", "cedar-tickets-USD-credit_note-connected", "PEPPOL-EN16931-R008", replace(`(?s)(<cac:BillingReference>\s*<cac:InvoiceDocumentReference>\s*<cbc:ID>)[^<]*`, "$1")},
	{"price", "fernhill-retail-GBP-invoice", "PEPPOL-EN16931-R120", replace(`(<cbc:PriceAmount currencyID="GBP">)`, "${1}1")},
	{"reference", "fernhill-retail-GBP-invoice", "PEPPOL-EN16931-R003", replace(`<cbc:BuyerReference>.*</cbc:BuyerReference>`, "")},
	{"address", "fernhill-retail-GBP-invoice", "PEPPOL-EN16931-R010", replace(`(?s)(<cac:AccountingCustomerParty>\s*<cac:Party>)\s*<cbc:EndpointID.*?</cbc:EndpointID>`, "$1")},
	{"schema", "fernhill-retail-GBP-invoice", "", replace(`<cbc:IssueDate>`, "<cbc:IssueDate><cbc:ID>1</cbc:ID>")},
	{"decimals", "fernhill-retail-GBP-invoice", "BR-DEC-12", replace(`(<cbc:TaxExclusiveAmount currencyID="GBP">[^<]*)<`, "${1}0<")},
}

func replace(pattern, by string) func(string) string {
	re := regexp.MustCompile(pattern)
	return func(s string) string { return re.ReplaceAllString(s, by) }
}

// TestRules holds what the composer makes of the example tariff, in all its currencies
// and under all treatments, against the official rules. One validator does all files.
func TestRules(t *testing.T) {
	folder := t.TempDir()
	docs := documentsOf(t)
	files := map[string]string{} // by document
	texts := map[string]string{}
	for name, d := range docs {
		var b bytes.Buffer
		if err := Write(&b, d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		texts[name] = b.String()
		files[name] = name + "." + profileName(d) + ".xml"
		save(t, folder, files[name], b.String())
	}
	for _, m := range broken {
		changed := m.change(texts[m.of])
		if changed == texts[m.of] {
			t.Errorf("broken %s changes nothing in %s", m.name, m.of)
		}
		save(t, folder, "broken-"+m.name+".peppol.xml", changed)
	}
	results := validate(t, folder)

	seen := map[string]int{}
	for name, d := range docs {
		v, kind := results[files[name]], profileName(d)
		seen[kind]++
		seen[d.Currency]++
		seen[string(d.Type)]++
		seen[d.Taxes[0].Treatment]++
		if want := map[string]int{"peppol": 5, "core": 2, "decimals": 2}[kind]; len(v.steps) != want {
			t.Errorf("%s: checked by %q, want %d steps", name, v.steps, want)
		}
		for _, f := range v.findings {
			if kind == "decimals" && (strings.HasPrefix(f.rule, "BR-DEC-") || f.rule == "UBL-DT-01") {
				continue // two decimals: what this profile is for
			}
			t.Errorf("%s: %s %s: %s", name, f.level, f.rule, f.text)
		}
		if kind == "decimals" && !slices.Contains(v.rules(), "UBL-DT-01") {
			t.Errorf("%s: three decimals, and no rule minds; then it need no profile of its own", name)
		}
	}
	for _, m := range broken {
		if v := results["broken-"+m.name+".peppol.xml"]; !slices.ContainsFunc(v.findings, func(f finding) bool {
			return f.rule == m.rule || m.rule == "" && strings.Contains(f.text, " cvc-")
		}) {
			t.Errorf("broken %s: the rules found %q, want %s", m.name, v.rules(), m.rule)
		}
	}
	t.Logf("%d documents: %v", len(docs), seen)
	for _, what := range []string{
		"peppol", "core", "decimals", "GBP", "EUR", "USD", "BRL", "INR", "JPY", "KWD",
		"invoice", "credit_note", "debit_note", "S", "Z", "E", "AE", "O",
	} {
		if seen[what] == 0 {
			t.Errorf("no document of %s was held against the rules", what)
		}
	}
}

func save(t *testing.T, folder, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func profileName(d *reports.Document) string {
	return map[profile]string{peppol: "peppol", core: "core", thirdDecimal: "decimals"}[(&builder{Document: d, digits: digitsOf(d)}).profile()]
}

// hostile is an invoice whose texts try to break what carries them.
func hostile(d *reports.Document) *reports.Document {
	c := *d
	c.Customer.Name = "=1+1</cbc:Name><cbc:Name>&amp;\x00\x07\x1b[31m" + strings.Repeat("W", 500)
	c.Customer.Address = "]]><!-- \n\n-2+3\x00\n\u202Egnp.exe\u202C\n" + strings.Repeat("Llanfair", 100) + "\nשלום مرحبا नमस्ते 你好 💩"
	c.Customer.ID = "\u2028<&>'\""
	c.Customer.Email = "\x7f"
	c.Seller.Name = "\xff\xfe\uFFFE\uFFFF"
	c.BuyerReference = " \u200E \t\n"
	c.Lines = slices.Clone(d.Lines)
	c.Lines[0].Description = "\x01\x02"
	c.Lines[1].Description = "&lt;script&gt;<script>"
	c.Lines = append(c.Lines, reports.DocumentLine{
		Kind: rating.UsageLine, Description: "tiny", Unit: "messages", Quantity: 3, UnitPrice: decimal.RequireFromString("0.000000000000123456"), Exact: decimal.RequireFromString("0.000000000000370368"),
	})
	return &c
}
