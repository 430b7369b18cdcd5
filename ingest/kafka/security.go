package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// Security is how to show a cluster who we are, and how to know it. The zero value is
// neither encrypted nor authenticated.
type Security struct {
	TLS  *tls.Config    // nil for none
	SASL sasl.Mechanism // nil for none
	user string         // for messages to people
}

// SecurityOptions are what people say of it. Password comes from the environment.
type SecurityOptions struct {
	TLS               bool
	CAFile            string // PEM; "" for the authorities that the system trusts
	CertFile, KeyFile string // PEM, our own certificate; "" for none
	Mechanism         string // plain, scram-sha-256 or scram-sha-512; "" for none
	User, Password    string
}

// Open reads the files. It names every fault at once.
func (o SecurityOptions) Open() (Security, error) {
	s := Security{user: o.User}
	var errs []error
	if !o.TLS && (o.CAFile != "" || o.CertFile != "" || o.KeyFile != "") {
		errs = append(errs, errors.New("kafka: certificates without TLS: add --kafka-tls"))
	}
	if o.TLS {
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		errs = append(errs, o.readCertificates(s.TLS))
	}
	switch {
	case o.Mechanism == "" && o.User != "":
		errs = append(errs, errors.New("kafka: a user without a mechanism: add --kafka-sasl"))
	case o.Mechanism != "" && o.User == "":
		errs = append(errs, fmt.Errorf("kafka: --kafka-sasl %s without a user: add --kafka-user", o.Mechanism))
	case o.Mechanism != "" && o.Password == "":
		errs = append(errs, fmt.Errorf("kafka: user %s has no password: set POSTAGE_KAFKA_PASSWORD", o.User))
	case o.Mechanism != "":
		var err error
		s.SASL, err = mechanism(o)
		errs = append(errs, err)
	}
	return s, errors.Join(errs...)
}

func mechanism(o SecurityOptions) (m sasl.Mechanism, err error) {
	switch o.Mechanism {
	case "plain":
		return plain.Mechanism{Username: o.User, Password: o.Password}, nil
	case "scram-sha-256":
		m, err = scram.Mechanism(scram.SHA256, o.User, o.Password)
	case "scram-sha-512":
		m, err = scram.Mechanism(scram.SHA512, o.User, o.Password)
	default:
		return nil, fmt.Errorf("kafka: mechanism %q: want plain, scram-sha-256 or scram-sha-512", o.Mechanism)
	}
	if err != nil { // its text may quote the password
		return nil, fmt.Errorf("kafka: user or password cannot be used with %s: a character is not allowed in it", o.Mechanism)
	}
	return m, nil
}

func (o SecurityOptions) readCertificates(c *tls.Config) error {
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return fmt.Errorf("kafka: certificate authority: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("kafka: certificate authority: %s holds no certificate in PEM", o.CAFile)
		}
	}
	switch {
	case o.CertFile == "" && o.KeyFile == "":
		return nil
	case o.CertFile == "" || o.KeyFile == "":
		return errors.New("kafka: our certificate and its key go together: give --kafka-cert and --kafka-key")
	}
	pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
	if err != nil {
		return fmt.Errorf("kafka: our certificate %s with key %s: %w", o.CertFile, o.KeyFile, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return nil
}

// Warnings are what is allowed and unwise.
func (c Cluster) Warnings() []string {
	if c.Security.SASL == nil || c.Security.TLS != nil {
		return nil
	}
	var warnings []string
	for _, broker := range c.Brokers {
		host, _, err := net.SplitHostPort(broker)
		if err != nil {
			host = broker
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			warnings = append(warnings, fmt.Sprintf("kafka %s: user and records cross the network unencrypted, and with plain the password too: add --kafka-tls", broker))
		}
	}
	return warnings
}
