package embedded

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// Layout of a data directory.
func enginePath(dir string) string { return filepath.Join(dir, "store") }
func configPath(dir string) string { return filepath.Join(dir, "engine.xml") }
func usersPath(dir string) string  { return filepath.Join(dir, "users.xml") }
func lockPath(dir string) string   { return filepath.Join(dir, "lock") }

// historyPath is where an interactive engine wants to note what was typed:
// nothing, but unasked it would put the file into the user's home.
func historyPath(dir string) string { return filepath.Join(dir, "history") }

// The engine's whole life: start the listeners, then wait for the end of stdin,
// which the parent holds open. The last word tells a run to the end from a run
// that failed half way, since the library reports no error for a query that
// fails.
const (
	listenQuery = "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; "
	waitQuery   = "SELECT count() FROM file(stdin, 'LineAsString') FORMAT Null; "
	endQuery    = "SELECT '" + lastWord + "'"
	lastWord    = "postage: all listeners started"
)

// engineArgs are the arguments of clickhouse-local, library and binary alike.
// With a terminal as its stdin the engine runs interactively: it then waits by
// itself, for a line nobody will type. That is not for the waiting: only an
// interactive clickhouse-local lets an exception end one connection. Otherwise
// it aborts on any that escapes a connection's thread, and a wrong password or a
// client that hangs up is one (ClickHouse issue 115666, open in 26.7).
func engineArgs(config string, terminal bool) []string {
	args := []string{"--config-file=" + config}
	if terminal {
		// To show progress it would set the modes of the terminal during every
		// query, and fail if that hangs up meanwhile.
		return append(args, "--interactive", "--progress=off", "--progress-table=off", "--query="+listenQuery+endQuery)
	}
	return append(args, "--query="+listenQuery+waitQuery+endQuery)
}

// The engine shares a machine with its parent, so it gets half of the memory
// and small caches. Pool sizes stay as they are: the defaults of MergeTree
// tables do not accept a smaller background pool. UTC, so that no result hangs
// on the timezone of a laptop. No crash reports: nothing leaves the machine. The
// history and the suggestions are an interactive client's.
const configXML = `<clickhouse>
    <!-- Written by postage at every start; changes are lost. -->
    <path>%s/</path>
    <users_config>%s</users_config>
    <listen_host>127.0.0.1</listen_host>
    <tcp_port>%d</tcp_port>
    <http_port>%d</http_port>
    <timezone>UTC</timezone>
    %s
    <mark_cache_size>268435456</mark_cache_size>
    <primary_index_cache_size>268435456</primary_index_cache_size>
    <index_mark_cache_size>67108864</index_mark_cache_size>
    <history_file>%s</history_file>
    <disable_suggestion>1</disable_suggestion>
    <send_crash_reports><enabled>false</enabled></send_crash_reports>
    %s
</clickhouse>
`

// Users: SQL cannot make users here (CREATE USER needs storage clickhouse-local
// does not have), so they are made in this file.
const usersXML = `<clickhouse>
    <!-- Written by postage at every start; changes are lost. -->
    <profiles>
        <default></default>
        <analyst><readonly>2</readonly></analyst>
    </profiles>
    <quotas><default></default></quotas>
    <users>
        %s
    </users>
</clickhouse>
`

// userXML is one user: name, password, profile, grants.
const userXML = `<%[1]s>
            %[2]s
            <networks><ip>127.0.0.1</ip></networks>
            <profile>%[3]s</profile>
            <quota>default</quota>
            %[4]s
        </%[1]s>
        `

// usersText makes the users. The engine's own session, which starts the listeners, is
// always "default" without a password, and nothing tells it from a client. So with a
// password that user may do just this, and another one everything.
func usersText(password string) string {
	const all, listen = "", "<grants><query>GRANT SYSTEM LISTEN ON *.*</query></grants>"
	const read = "<grants><query>GRANT SHOW, SELECT, dictGet ON *.*</query></grants>"
	const noPassword = "<password></password>"
	user := func(name, password, profile, grants string) string {
		return fmt.Sprintf(userXML, name, password, profile, grants)
	}
	if password == "" {
		return fmt.Sprintf(usersXML, user(userDefault, noPassword, "default", all)+user(userAnalyst, noPassword, "analyst", read))
	}
	hash := fmt.Sprintf("<password_sha256_hex>%x</password_sha256_hex>", sha256.Sum256([]byte(password)))
	return fmt.Sprintf(usersXML, user(userDefault, noPassword, "default", listen)+
		user(userWithPassword, hash, "default", all)+user(userAnalyst, hash, "analyst", read))
}

const (
	userDefault      = "default"
	userWithPassword = "postage"
	userAnalyst      = "analyst"
)

func writeConfig(opts Options, tcp, http int) (string, error) {
	memory := "<max_server_memory_usage_to_ram_ratio>0.5</max_server_memory_usage_to_ram_ratio>"
	if opts.MemoryBytesMax > 0 {
		memory = fmt.Sprintf("<max_server_memory_usage>%d</max_server_memory_usage>", opts.MemoryBytesMax)
	}
	config := fmt.Sprintf(configXML, xmlText(enginePath(opts.DataDir)), xmlText(usersPath(opts.DataDir)),
		tcp, http, memory, xmlText(historyPath(opts.DataDir)), opts.ExtraConfig)
	if err := os.WriteFile(usersPath(opts.DataDir), []byte(usersText(opts.Password)), 0o600); err != nil {
		return "", fmt.Errorf("clickhouse engine: users: %w", err)
	}
	if err := os.WriteFile(configPath(opts.DataDir), []byte(config), 0o600); err != nil {
		return "", fmt.Errorf("clickhouse engine: configuration: %w", err)
	}
	return configPath(opts.DataDir), nil
}

func xmlText(s string) string {
	var b strings.Builder
	// A strings.Builder does not fail.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// choosePorts fills in free loopback ports where 0 is asked for. Both are held
// open until both are known, so they differ.
func choosePorts(tcp, http int) (int, int, error) {
	ports := [2]int{tcp, http}
	for i, p := range ports {
		if p != 0 {
			continue
		}
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return 0, 0, fmt.Errorf("clickhouse engine: a free port: %w", err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports[0], ports[1], nil
}
