package main

import (
	"crypto/tls"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// TestSecureIngest is the command itself against a broker that wants TLS and a user,
// the password in the environment and nowhere else.
func TestSecureIngest(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	const password = "correct horse"
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: web.TLS.Certificates}), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "postage", password))
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	p := newPlant(t, embeddedBroker(t), "example") // for its database
	for given, want := range map[string]string{password: "0 records: 0 events stored, 0 refused", "a guess": "the broker refuses user postage"} {
		cmd := command(t, "ingest", "--until-caught-up", "--kafka", broker.ListenAddrs()[0], "--kafka-tls", "--kafka-ca", ca,
			"--kafka-sasl", "scram-sha-512", "--kafka-user", "postage", "--clickhouse", p.Clickhouse, "--data", p.Data)
		cmd.Env = append(os.Environ(), "POSTAGE_KAFKA_PASSWORD="+given)
		out, err := cmd.CombinedOutput()
		if (err == nil) != (given == password) || !strings.Contains(string(out), want) || strings.Contains(string(out), given) {
			t.Errorf("password %q: %v; want %q and no password in\n%s", given, err, want, out)
		}
	}
	if broker.TopicInfo(eventsTopic) == nil {
		t.Errorf("topic %s was not made", eventsTopic)
	}
}
