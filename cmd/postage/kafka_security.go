package main

import (
	"os"
	"postage/ingest/kafka"
)

// kafkaSecurityFlags say how to show Kafka who we are, and how to know it.
type kafkaSecurityFlags struct {
	KafkaTLS  bool   `name:"kafka-tls" help:"Speak TLS to Kafka."`
	KafkaCA   string `name:"kafka-ca" placeholder:"FILE" help:"Certificate authority of the brokers, PEM (default: those that the system trusts)."`
	KafkaCert string `name:"kafka-cert" placeholder:"FILE" help:"Our own certificate, PEM, for brokers that want one."`
	KafkaKey  string `name:"kafka-key" placeholder:"FILE" help:"Its key, PEM."`
	KafkaSASL string `name:"kafka-sasl" placeholder:"MECHANISM" enum:",plain,scram-sha-256,scram-sha-512" default:"" help:"Log in to Kafka: plain, scram-sha-256 or scram-sha-512; the password comes from POSTAGE_KAFKA_PASSWORD."`
	KafkaUser string `name:"kafka-user" placeholder:"NAME" help:"User to log in as."`
}

// openSecurity reads the files that the flags name. The embedded broker has none.
func (f kafkaSecurityFlags) openSecurity(embedded bool) (kafka.Security, error) {
	if embedded && f != (kafkaSecurityFlags{}) {
		return kafka.Security{}, usagef("--kafka-tls, --kafka-sasl and what belongs to them are for brokers named by --kafka; the embedded one does not leave this machine")
	}
	s, err := kafka.SecurityOptions{
		TLS: f.KafkaTLS, CAFile: f.KafkaCA, CertFile: f.KafkaCert, KeyFile: f.KafkaKey,
		Mechanism: f.KafkaSASL, User: f.KafkaUser, Password: os.Getenv("POSTAGE_KAFKA_PASSWORD"),
	}.Open()
	if err != nil {
		return kafka.Security{}, usageError{err}
	}
	return s, nil
}
