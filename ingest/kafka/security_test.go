package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"postage/ingest"
	"postage/ingest/kafka/apachekafka"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	testUser     = "postage"
	testPassword = "correct horse"
)

// certificate is one for 127.0.0.1 that is its own authority, and the file of it.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return s.TLS.Certificates[0], writePEM(t, "CERTIFICATE", s.Certificate().Raw)
}

func writePEM(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), strings.ToLower(kind)+".pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func fakeCluster(t *testing.T, opts ...kfake.Opt) string {
	t.Helper()
	c, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()[0]
}

func withUsers() []kfake.Opt {
	opts := []kfake.Opt{kfake.EnableSASL()}
	for _, m := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		opts = append(opts, kfake.Superuser(m, testUser, testPassword))
	}
	return opts
}

// roundTrip makes a topic, writes to it and reads it back through a group: admin,
// producer and every client of the consumer.
func roundTrip(t *testing.T, broker string, o SecurityOptions) {
	t.Helper()
	security, err := o.Open()
	if err != nil {
		t.Fatal(err)
	}
	c := Cluster{Brokers: []string{broker}, Security: security}
	if err := c.Reach(t.Context()); err != nil {
		t.Fatal(err)
	}
	topic := "t" + strconv.FormatInt(time.Now().UnixNano(), 36)
	if err := c.EnsureTopics(t.Context(), Topic{Name: topic, Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	p := c.Producer(topic)
	defer p.Close()
	for i := range 10 {
		if err := p.Produce(t.Context(), Produced{Key: fmt.Append(nil, i), Value: fmt.Append(nil, "value ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	bounds, err := c.Bounds(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	if got := bounds[ingest.Partition{Topic: topic}].Next + bounds[ingest.Partition{Topic: topic, ID: 1}].Next; got != 10 || len(bounds) != 2 {
		t.Errorf("bounds: got %v, want 10 records in 2 partitions", bounds)
	}
	g, err := c.JoinGroup(topic, topic, slog.New(slog.DiscardHandler), GroupOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	gen, err := g.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gen.Start(gen.Owned())
	var got []ingest.Message
	for len(got) < 10 {
		if got, err = gen.Fetch(t.Context(), got); err != nil {
			t.Fatal(err)
		}
	}
	next := map[ingest.Partition]int64{}
	for p, b := range bounds {
		next[p] = b.Next
	}
	if err := gen.Commit(t.Context(), next); err != nil {
		t.Fatal(err)
	}
}

func TestSecurity(t *testing.T) {
	t.Parallel()
	pair, ca := certificate(t)
	encrypted := kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}})
	secure := fakeCluster(t, append(withUsers(), encrypted)...)
	for _, m := range []string{"plain", "scram-sha-256", "scram-sha-512"} {
		t.Run(m+" over TLS", func(t *testing.T) {
			roundTrip(t, secure, SecurityOptions{TLS: true, CAFile: ca, Mechanism: m, User: testUser, Password: testPassword})
		})
	}
	t.Run("TLS alone", func(t *testing.T) {
		roundTrip(t, fakeCluster(t, encrypted), SecurityOptions{TLS: true, CAFile: ca})
	})
	t.Run("a certificate of ours", func(t *testing.T) {
		pool := x509.NewCertPool()
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		pool.AddCert(leaf)
		der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		broker := fakeCluster(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAnyClientCert}))
		roundTrip(t, broker, SecurityOptions{TLS: true, CAFile: ca, CertFile: ca, KeyFile: writePEM(t, "PRIVATE KEY", der)})
		wantReachError(t, broker, SecurityOptions{TLS: true, CAFile: ca}, "--kafka-cert")
	})
	t.Run("SASL alone", func(t *testing.T) {
		roundTrip(t, fakeCluster(t, withUsers()...), SecurityOptions{Mechanism: "scram-sha-256", User: testUser, Password: testPassword})
	})
}

// TestSecurityApache is the proof against Apache Kafka itself.
func TestSecurityApache(t *testing.T) {
	t.Parallel()
	pair, ca := certificate(t)
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	key := writePEM(t, "PRIVATE KEY", der)
	store := filepath.Join(t.TempDir(), "broker.pem")
	var both []byte
	for _, path := range []string{key, ca} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, text...)
	}
	if err := os.WriteFile(store, both, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := apachekafka.Start(t.Context(), apachekafka.Options{
		DataDir: t.TempDir(), Secure: true,
		Scram: map[string]string{testUser: testPassword},
		Config: map[string]string{
			"listener.name.secure.ssl.keystore.type":              "PEM",
			"listener.name.secure.ssl.keystore.location":          store,
			"listener.name.secure.sasl.enabled.mechanisms":        "PLAIN,SCRAM-SHA-512",
			"listener.name.secure.plain.sasl.jaas.config":         `org.apache.kafka.common.security.plain.PlainLoginModule required user_` + testUser + `="` + testPassword + `";`,
			"listener.name.secure.scram-sha-512.sasl.jaas.config": `org.apache.kafka.common.security.scram.ScramLoginModule required;`,
		},
	})
	if err != nil {
		t.Fatalf("this test needs Apache Kafka: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	good := SecurityOptions{TLS: true, CAFile: ca, Mechanism: "plain", User: testUser, Password: testPassword}
	roundTrip(t, b.SecureAddr(), good)
	scram := good
	scram.Mechanism = "scram-sha-512"
	roundTrip(t, b.SecureAddr(), scram)

	wrong := good
	wrong.Password = "a guess"
	wantReachError(t, b.SecureAddr(), wrong, "refuses user postage")
	wrong.Mechanism = "scram-sha-512"
	wantReachError(t, b.SecureAddr(), wrong, "refuses user postage")
	wrong.Mechanism = "scram-sha-256"
	wantReachError(t, b.SecureAddr(), wrong, "does not offer SCRAM-SHA-256")
	wantReachError(t, b.SecureAddr(), SecurityOptions{}, "add --kafka-tls")
	wantReachError(t, b.SecureAddr(), SecurityOptions{TLS: true, CAFile: ca}, "wants a user on this port")
	wantReachError(t, b.SecureAddr(), SecurityOptions{TLS: true}, "name its file with --kafka-ca")
	wantReachError(t, b.Addr(), good, "does not speak TLS on this port")
	wantReachError(t, b.Addr(), SecurityOptions{Mechanism: "plain", User: testUser, Password: testPassword}, "takes no user on this port")
}

// wantReachError wants an error that names the broker and says what to do, and
// never the password.
func wantReachError(t *testing.T, broker string, o SecurityOptions, want string) {
	t.Helper()
	security, err := o.Open()
	if err != nil {
		t.Fatal(err)
	}
	err = Cluster{Brokers: []string{broker}, Security: security}.Reach(t.Context())
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), broker) {
		t.Errorf("got %v, want an error with %q and %s", err, want, broker)
	}
	if err != nil && o.Password != "" && strings.Contains(err.Error(), o.Password) {
		t.Errorf("the password is in the error: %v", err)
	}
}

func TestReachErrors(t *testing.T) {
	t.Parallel()
	pair, ca := certificate(t)
	encrypted := kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}})
	users := append(withUsers(), encrypted)
	good := SecurityOptions{TLS: true, CAFile: ca, Mechanism: "scram-sha-256", User: testUser, Password: testPassword}

	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()

	wrong := good
	wrong.Password = "a guess"
	secure := fakeCluster(t, users...)
	wantReachError(t, secure, wrong, "refuses user postage: check --kafka-user, --kafka-sasl and POSTAGE_KAFKA_PASSWORD")
	wantReachError(t, secure, SecurityOptions{TLS: true}, "name its file with --kafka-ca")
	wantReachError(t, secure, SecurityOptions{}, "the broker speaks TLS on this port: add --kafka-tls")
	wantReachError(t, secure, SecurityOptions{TLS: true, CAFile: ca}, "the broker wants a user on this port: add --kafka-sasl")
	wantReachError(t, strings.Replace(secure, "127.0.0.1", "localhost", 1), good, "use a name that it lists")
	wantReachError(t, fakeCluster(t), good, "the broker does not speak TLS on this port")
	wantReachError(t, fakeCluster(t, withUsers()...), SecurityOptions{}, "the broker wants a user on this port")
	wantReachError(t, nobody, SecurityOptions{}, "nobody listens there")

	// One that answers is enough.
	if err := (Cluster{Brokers: []string{nobody, fakeCluster(t)}}).Reach(t.Context()); err != nil {
		t.Errorf("with one broker of two: %v", err)
	}
}

// TestTopicsOfOthers: who may not make topics may use those that are there.
func TestTopicsOfOthers(t *testing.T) {
	t.Parallel()
	acl := func(op kmsg.ACLOperation) kfake.ACL {
		return kfake.ACL{Resource: kmsg.ACLResourceTypeTopic, Name: "there", Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: op, Allow: true}
	}
	broker := fakeCluster(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.SeedTopics(1, "there"),
		kfake.User("PLAIN", testUser, testPassword, acl(kmsg.ACLOperationRead), acl(kmsg.ACLOperationDescribe)))
	security, err := SecurityOptions{Mechanism: "plain", User: testUser, Password: testPassword}.Open()
	if err != nil {
		t.Fatal(err)
	}
	c := Cluster{Brokers: []string{broker}, Security: security}
	if err := c.EnsureTopics(t.Context(), Topic{"there", 1}); err != nil {
		t.Errorf("a topic that is there: %v", err)
	}
	if err := c.EnsureTopics(t.Context(), Topic{"there", 1}, Topic{"missing", 1}); !errors.Is(err, ingest.ErrHopeless) || !strings.Contains(err.Error(), "create topic missing") {
		t.Errorf("one that is not: got %v, want a hopeless error that names it", err)
	}
}

func TestSecurityOptions(t *testing.T) {
	_, ca := certificate(t)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		options SecurityOptions
		want    []string
	}{
		{"certificates without TLS", SecurityOptions{CAFile: ca}, []string{"add --kafka-tls"}},
		{"no such file", SecurityOptions{TLS: true, CAFile: "/nowhere.pem"}, []string{"/nowhere.pem"}},
		{"no certificate in it", SecurityOptions{TLS: true, CAFile: empty}, []string{empty + " holds no certificate"}},
		{"a certificate without its key", SecurityOptions{TLS: true, CertFile: ca}, []string{"--kafka-cert and --kafka-key"}},
		{"a key that is none", SecurityOptions{TLS: true, CertFile: ca, KeyFile: empty}, []string{empty}},
		{"no user", SecurityOptions{Mechanism: "plain", Password: "x"}, []string{"add --kafka-user"}},
		{"no password", SecurityOptions{Mechanism: "plain", User: "u"}, []string{"set POSTAGE_KAFKA_PASSWORD"}},
		{"no mechanism", SecurityOptions{User: "u"}, []string{"add --kafka-sasl"}},
		{"an unknown mechanism", SecurityOptions{Mechanism: "gssapi", User: "u", Password: "x"}, []string{"want plain, scram-sha-256"}},
		{"several at once", SecurityOptions{TLS: true, CAFile: empty, Mechanism: "plain"}, []string{empty, "--kafka-user"}},
	}
	for _, tt := range tests {
		_, err := tt.options.Open()
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q in the error", tt.name, err, want)
			}
		}
	}
}

func TestSecurityWarnings(t *testing.T) {
	plain, err := SecurityOptions{Mechanism: "plain", User: "u", Password: "p"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	for brokers, want := range map[string]int{"127.0.0.1:9092": 0, "localhost:9092": 0, "[::1]:9092": 0, "kafka.example.com:9092,10.0.0.1:9092,127.0.0.1:1": 2} {
		c := Cluster{Brokers: strings.Split(brokers, ","), Security: plain}
		if got := c.Warnings(); len(got) != want {
			t.Errorf("%s: got %q, want %d warnings", brokers, got, want)
		}
		c.Security = Security{}
		if got := c.Warnings(); len(got) != 0 {
			t.Errorf("%s without a user: got %q, want none", brokers, got)
		}
	}
}
