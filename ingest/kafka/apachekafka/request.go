//go:build linux || darwin

package apachekafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// CreateTopic makes a topic and returns when its partitions have leaders;
// partitions 0 means the number in the options. config may be nil.
func (b *Broker) CreateTopic(ctx context.Context, name string, partitions int, config map[string]string) error {
	if partitions == 0 {
		partitions = b.opts.Partitions
	}
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, int32(partitions), 1
	for k, v := range config {
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		c.Name, c.Value = k, &v
		topic.Configs = append(topic.Configs, c)
	}
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Version, req.TimeoutMillis = 5, 15000
	req.Topics = append(req.Topics, topic)
	resp, err := roundTrip(ctx, b.Addr(), req)
	if err != nil {
		return fmt.Errorf("topic %s: %w", name, err)
	}
	for _, t := range resp.(*kmsg.CreateTopicsResponse).Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			return fmt.Errorf("topic %s: %w", name, err)
		}
	}
	for {
		last := hasLeaders(ctx, b.Addr(), name, partitions)
		if last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("topic %s: %w: %w", name, ctx.Err(), last)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func hasLeaders(ctx context.Context, addr, name string, partitions int) error {
	meta, err := metadata(ctx, addr, name)
	if err != nil {
		return err
	}
	for _, t := range meta.Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			return err
		}
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return err
			}
		}
		if len(t.Partitions) == partitions {
			return nil
		}
	}
	return errors.New("not all partitions are there yet")
}

// waitAnswers returns when the node counts itself among the brokers that take
// requests. A port that merely accepts connections is too early.
func waitAnswers(ctx context.Context, addr string, p *process) error {
	var last error
	for {
		select {
		case <-p.done:
			return portError(p.err, addr)
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), last)
		case <-time.After(50 * time.Millisecond):
		}
		meta, err := metadata(ctx, addr)
		if err == nil && len(meta.Brokers) > 0 {
			return nil
		}
		if last = err; err == nil {
			last = errors.New("the node is not yet registered")
		}
	}
}

// portError marks the end of a node whose port somebody else has: the node's
// own message goes to its log only.
func portError(err error, addr string) error {
	conn, dialErr := net.DialTimeout("tcp4", addr, time.Second)
	if dialErr != nil {
		return err
	}
	conn.Close()
	return fmt.Errorf("%w: %s: %w", errPortTaken, addr, err)
}

func metadata(ctx context.Context, addr string, topics ...string) (*kmsg.MetadataResponse, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.Version = 7
	req.Topics = []kmsg.MetadataRequestTopic{}
	for _, name := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = &name
		req.Topics = append(req.Topics, t)
	}
	resp, err := roundTrip(ctx, addr, req)
	if err != nil {
		return nil, err
	}
	return resp.(*kmsg.MetadataResponse), nil
}

// roundTrip sends one request (of a version without tagged headers) on its own
// connection.
func roundTrip(ctx context.Context, addr string, req kmsg.Request) (kmsg.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp4", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	if _, err := conn.Write(kmsg.NewRequestFormatter().AppendRequest(nil, req, 1)); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < 4 || n > 16<<20 {
		return nil, fmt.Errorf("an answer of %d bytes", n)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(conn, body); err != nil {
		return nil, err
	}
	resp := req.ResponseKind()
	return resp, resp.ReadFrom(body[4:]) // after the correlation number
}
