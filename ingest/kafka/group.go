// Package kafka is the only one that speaks to Kafka, through kafka-go: a
// consumer group as a source of ingest, and producers. It decides nothing about
// what records mean.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"postage/ingest"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// MaxRecordBytes is the largest record that is read or written: larger ones than
// the decoder accepts must still arrive, to be refused and kept.
const MaxRecordBytes = 32 << 20

// DefaultSessionTimeout is for how long a member of a group may be silent before
// others take over.
const DefaultSessionTimeout = 15 * time.Second

// Group is a consumer group on one topic. It implements ingest.Source.
//
// kafka-go keeps the membership. Its reader is not used: that takes control records for
// records, does not know aborted transactions, and steps over deleted records without a
// word. See fetch.go.
type Group struct {
	brokers   []string
	topic     string
	id        string
	session   time.Duration
	group     *kafkago.ConsumerGroup
	transport *kafkago.Transport
	logger    *slog.Logger
}

// GroupOptions are what JoinGroup need not be told.
type GroupOptions struct {
	SessionTimeout time.Duration // 0 means DefaultSessionTimeout
}

// JoinGroup joins a consumer group. A group without a committed offset starts at
// the earliest record: what came before it first started counts too.
func JoinGroup(brokers []string, topic, id string, logger *slog.Logger, o GroupOptions) (*Group, error) {
	if o.SessionTimeout == 0 {
		o.SessionTimeout = DefaultSessionTimeout
	}
	g, err := kafkago.NewConsumerGroup(kafkago.ConsumerGroupConfig{
		ID:                    id,
		Brokers:               brokers,
		Topics:                []string{topic},
		StartOffset:           kafkago.FirstOffset,
		WatchPartitionChanges: true,
		SessionTimeout:        o.SessionTimeout,
		RebalanceTimeout:      2 * o.SessionTimeout,
		HeartbeatInterval:     o.SessionTimeout / 8,
		Timeout:               min(5*time.Second, o.SessionTimeout/2), // of a request to the coordinator
		JoinGroupBackoff:      300 * time.Millisecond,                 // a broker that has just started refuses for a moment
		Logger:                kafkago.LoggerFunc(func(f string, a ...any) { logger.Debug(fmt.Sprintf(f, a...)) }),
		ErrorLogger:           kafkago.LoggerFunc(func(f string, a ...any) { logger.Info(fmt.Sprintf(f, a...)) }),
	})
	if err != nil {
		return nil, fmt.Errorf("kafka %v, group %s: %w", brokers, id, err)
	}
	return &Group{brokers, topic, id, o.SessionTimeout, g, &kafkago.Transport{DialTimeout: 5 * time.Second, MetadataTTL: 2 * time.Second}, logger}, nil
}

// Close leaves the group. A broker that does not answer is not waited for: the
// session then runs out by itself.
func (g *Group) Close() error {
	left := make(chan error, 1)
	go func() { left <- g.group.Close() }()
	defer g.transport.CloseIdleConnections()
	select {
	case err := <-left:
		return err
	case <-time.After(g.session):
		g.logger.Warn("the group's coordinator does not answer; the others take over when the session has run out", "after", g.session)
		return nil
	}
}

// remindEvery is how often an outage is logged while it lasts.
const remindEvery = time.Minute

// Next implements ingest.Source. It rides out the errors of a rebalance and the
// outages of the brokers.
func (g *Group) Next(ctx context.Context) (ingest.Generation, error) {
	var reminded time.Time
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		var n *generation
		gen, err := g.group.Next(ctx)
		if err == nil {
			n, err = g.newGeneration(ctx, gen)
		}
		switch {
		case err == nil:
			return n, nil
		case ctx.Err() != nil, errors.Is(err, kafkago.ErrGroupClosed), errors.Is(err, ingest.ErrHopeless):
			return nil, err
		case hopeless(err):
			return nil, fmt.Errorf("kafka %v, topic %s, group %s: %w: %w", g.brokers, g.topic, g.id, err, ingest.ErrHopeless)
		}
		if time.Since(reminded) > remindEvery {
			g.logger.Warn("joining the group", "error", err)
			reminded = time.Now()
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// hopeless says whether an answer of a broker will stay the same until somebody changes
// a setting.
func hopeless(err error) bool {
	for _, settled := range []kafkago.Error{
		kafkago.TopicAuthorizationFailed, kafkago.GroupAuthorizationFailed, kafkago.ClusterAuthorizationFailed,
		kafkago.SASLAuthenticationFailed, kafkago.UnsupportedSASLMechanism, kafkago.SecurityDisabled,
		kafkago.InvalidSessionTimeout, kafkago.InconsistentGroupProtocol, kafkago.InvalidGroupId, kafkago.InvalidTopic,
		kafkago.UnsupportedVersion,
	} {
		if errors.Is(err, settled) {
			return true
		}
	}
	return false
}
