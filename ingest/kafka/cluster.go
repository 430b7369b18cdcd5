package kafka

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"postage/ingest"
	"postage/ingest/contact"
	"sync/atomic"
	"syscall"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
)

// Cluster is a Kafka cluster and the way to reach it. All clients are made here, so
// that none goes around its security.
type Cluster struct {
	Brokers  []string // host:port; some of them are enough
	Security Security

	// Connections counts the connections that are opened; nil does not.
	Connections *atomic.Int64
}

const dialTimeout = 10 * time.Second

func (c Cluster) dialer() *kafkago.Dialer {
	return &kafkago.Dialer{ClientID: clientID, DialFunc: c.dial, Timeout: dialTimeout, TLS: c.Security.TLS, SASLMechanism: c.Security.SASL}
}

func (c Cluster) transport() *kafkago.Transport {
	return &kafkago.Transport{
		ClientID: clientID, Dial: c.dial, DialTimeout: dialTimeout, TLS: c.Security.TLS, SASL: c.Security.SASL,
		MetadataTTL: time.Second, // a writer tries for about six seconds: it has to hear of new leaders
	}
}

// dial opens and counts a connection.
func (c Cluster) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err == nil && c.Connections != nil {
		c.Connections.Add(1)
	}
	return conn, err
}

// clientID is what the broker's logs and quotas know us by.
const clientID = "postage"

// Reach returns nil when one of the brokers answers and lets us in; else it says
// of each what is wrong and what to do. An answer that will stay the same is ErrHopeless.
func (c Cluster) Reach(ctx context.Context) error {
	var errs []error
	for _, broker := range c.Brokers {
		err := c.reach(ctx, broker)
		if err == nil {
			return nil
		}
		errs = append(errs, fmt.Errorf("kafka %s: %w", broker, err))
	}
	return errors.Join(errs...)
}

func (c Cluster) reach(ctx context.Context, broker string) error {
	conn, err := c.dialer().DialContext(ctx, "tcp", broker)
	if err != nil {
		return c.explain(ctx, broker, err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(dialTimeout)); err != nil {
		return err
	}
	if _, err := conn.Brokers(); err != nil {
		return c.explain(ctx, broker, err)
	}
	return nil
}

// explain says what an error of the first contact means to an operator.
func (c Cluster) explain(ctx context.Context, broker string, err error) error {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	hint := ""
	switch {
	case errors.As(err, &unknown):
		hint = "the certificate of the broker is of an authority that we do not trust: name its file with --kafka-ca"
	case errors.As(err, &host):
		hint = "the certificate of the broker is for another name: use a name that it lists"
	case errors.As(err, &invalid):
		hint = "the certificate of the broker is not valid"
	case contact.IsAlert(err):
		hint = "the broker refuses the TLS connection: it may want a certificate of ours (--kafka-cert, --kafka-key)"
	case errors.Is(err, kafkago.SASLAuthenticationFailed):
		hint = fmt.Sprintf("the broker refuses user %s: check --kafka-user, --kafka-sasl and POSTAGE_KAFKA_PASSWORD", c.Security.user)
	case errors.Is(err, kafkago.UnsupportedSASLMechanism):
		hint = fmt.Sprintf("the broker does not offer %s: choose another with --kafka-sasl", c.Security.SASL.Name())
	case errors.Is(err, kafkago.IllegalSASLState):
		hint = "the broker takes no user on this port: name its SASL port, or leave out --kafka-sasl"
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nobody listens there: is the broker running, and is the port right? (%w)", err)
	case c.Security.TLS != nil && speaksPlainly(ctx, broker):
		hint = "the broker does not speak TLS on this port: name its TLS port, or leave out --kafka-tls"
	case c.Security.TLS == nil && contact.SpeaksTLS(ctx, broker):
		hint = "the broker speaks TLS on this port: add --kafka-tls, and --kafka-ca for an authority of your own"
	case c.Security.SASL == nil && c.wantsSASL(ctx, broker):
		hint = "the broker wants a user on this port: add --kafka-sasl and --kafka-user, and set POSTAGE_KAFKA_PASSWORD"
	default:
		return err
	}
	return ingest.Hopeless(fmt.Errorf("%s (%w)", hint, err))
}

// speaksPlainly says whether a broker answers there without TLS.
func speaksPlainly(ctx context.Context, broker string) bool {
	d := &kafkago.Dialer{ClientID: clientID, Timeout: contact.LookTimeout}
	conn, err := d.DialContext(ctx, "tcp", broker)
	if err != nil {
		return false
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(contact.LookTimeout)); err != nil {
		return false
	}
	_, err = conn.ApiVersions() // asked of everybody, also before logging in
	return err == nil
}

// wantsSASL says whether the broker takes up authentication: asked for a mechanism
// that does not exist, it then says that it does not know that one.
func (c Cluster) wantsSASL(ctx context.Context, broker string) bool {
	d := c.dialer()
	d.SASLMechanism = noMechanism{}
	conn, err := d.DialContext(ctx, "tcp", broker)
	if err == nil {
		_ = conn.Close() // it was only for looking
	}
	return errors.Is(err, kafkago.UnsupportedSASLMechanism)
}

type noMechanism struct{}

func (noMechanism) Name() string { return "POSTAGE-ASKS" }

func (noMechanism) Start(context.Context) (sasl.StateMachine, []byte, error) {
	return nil, nil, io.ErrUnexpectedEOF // no broker knows the name
}

// Bounds gives for each partition of a topic what can be read of it now.
func (c Cluster) Bounds(ctx context.Context, topic string) (map[ingest.Partition]ingest.Bounds, error) {
	transport := c.transport()
	defer transport.CloseIdleConnections()
	client := &kafkago.Client{Addr: kafkago.TCP(c.Brokers...), Timeout: dialTimeout, Transport: transport}
	meta, err := topicMetadata(ctx, client, topic)
	if err != nil {
		return nil, fmt.Errorf("kafka %v: %w", c.Brokers, err)
	}
	ids := make([]int, len(meta.Partitions))
	for i, p := range meta.Partitions {
		ids[i] = p.ID
	}
	b, err := bounds(ctx, client, topic, ids)
	if err != nil {
		return nil, fmt.Errorf("kafka %v: %w", c.Brokers, err)
	}
	return b, nil
}

// topicMetadata is what the cluster says of a topic.
func topicMetadata(ctx context.Context, client *kafkago.Client, topic string) (kafkago.Topic, error) {
	meta, err := client.Metadata(ctx, &kafkago.MetadataRequest{Topics: []string{topic}})
	switch {
	case err != nil:
		return kafkago.Topic{}, fmt.Errorf("topic %s: %w", topic, err)
	case len(meta.Topics) != 1:
		return kafkago.Topic{}, fmt.Errorf("topic %s: the broker knows %d of that name", topic, len(meta.Topics))
	case meta.Topics[0].Error != nil:
		return kafkago.Topic{}, fmt.Errorf("topic %s: %w", topic, meta.Topics[0].Error)
	}
	return meta.Topics[0], nil
}

// bounds asks the brokers what can be read of some partitions.
func bounds(ctx context.Context, client *kafkago.Client, topic string, partitions []int) (map[ingest.Partition]ingest.Bounds, error) {
	if len(partitions) == 0 {
		return nil, nil
	}
	requests := make([]kafkago.OffsetRequest, 0, 2*len(partitions))
	for _, id := range partitions {
		requests = append(requests, kafkago.FirstOffsetOf(id), kafkago.LastOffsetOf(id))
	}
	resp, err := client.ListOffsets(ctx, &kafkago.ListOffsetsRequest{
		Topics: map[string][]kafkago.OffsetRequest{topic: requests}, IsolationLevel: kafkago.ReadCommitted,
	})
	if err != nil {
		return nil, fmt.Errorf("topic %s: offsets: %w", topic, err)
	}
	bounds := make(map[ingest.Partition]ingest.Bounds, len(partitions))
	for _, p := range resp.Topics[topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("topic %s, partition %d: offsets: %w", topic, p.Partition, p.Error)
		}
		bounds[ingest.Partition{Topic: topic, ID: int32(p.Partition)}] = ingest.Bounds{First: p.FirstOffset, Next: p.LastOffset}
	}
	if len(bounds) != len(partitions) {
		return nil, fmt.Errorf("topic %s: offsets of %d partitions, want %d", topic, len(bounds), len(partitions))
	}
	return bounds, nil
}
