//go:build linux || darwin

package apachekafka

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// clusterID is fixed: one node, formatted by us, meets no other.
const clusterID = "cG9zdGFnZS10ZXN0cy0wMQ"

// writeProperties writes the node's configuration: what a single node needs to
// be its own quorum and to keep its internal topics, with no waiting for members
// that will not come.
func (b *Broker) writeProperties() (string, error) {
	config := map[string]string{
		"process.roles":                  "broker,controller",
		"node.id":                        "1",
		"controller.quorum.voters":       fmt.Sprintf("1@127.0.0.1:%d", b.controller),
		"listeners":                      fmt.Sprintf("CLIENTS://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d", b.port, b.controller),
		"advertised.listeners":           "CLIENTS://" + b.Addr(),
		"inter.broker.listener.name":     "CLIENTS",
		"controller.listener.names":      "CONTROLLER",
		"listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"log.dirs":                       b.logDir(),

		"num.partitions":                                   fmt.Sprint(b.opts.Partitions),
		"auto.create.topics.enable":                        "false",
		"message.max.bytes":                                fmt.Sprint(33 << 20), // as the embedded broker takes
		"offsets.topic.replication.factor":                 "1",
		"offsets.topic.num.partitions":                     "4",
		"transaction.state.log.replication.factor":         "1",
		"transaction.state.log.min.isr":                    "1",
		"transaction.state.log.num.partitions":             "4",
		"share.coordinator.state.topic.replication.factor": "1",
		"share.coordinator.state.topic.min.isr":            "1",
		"group.initial.rebalance.delay.ms":                 "0",
		"group.min.session.timeout.ms":                     "1000",
		// A killed node is let in again when its old registration has run out.
		"broker.session.timeout.ms":    "3000",
		"broker.heartbeat.interval.ms": "500",
		"log.cleaner.enable":           "false",
	}
	if b.opts.Secure {
		config["listeners"] += ",SECURE://" + b.SecureAddr()
		config["advertised.listeners"] += ",SECURE://" + b.SecureAddr()
		config["listener.security.protocol.map"] += ",SECURE:SASL_SSL"
	}
	maps.Copy(config, b.opts.Config)
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(config)) {
		fmt.Fprintf(&text, "%s=%s\n", name, config[name])
	}
	path := filepath.Join(b.opts.DataDir, "server.properties")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		return "", fmt.Errorf("apache kafka: %w", err)
	}
	return path, nil
}

func (b *Broker) logDir() string { return filepath.Join(b.opts.DataDir, "data") }

func (b *Broker) isFormatted() bool {
	_, err := os.Stat(filepath.Join(b.logDir(), "meta.properties"))
	return err == nil
}

// freePorts are free now; all are held until all are known, so they differ.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("apache kafka: a free port: %w", err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
