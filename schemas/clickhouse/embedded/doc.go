// Package embedded runs a real ClickHouse for one installation: a child process
// on loopback, with its data in one directory, which dies with its parent. The
// rest of the program connects to it exactly as it would to a cluster.
//
// It owns the child process, the lock on the data directory, the choice of
// ports, and the library the engine comes from (fetched once into the user's
// cache, pinned by version and hash). It never speaks SQL for the product: its
// only statements start the listeners and ask the engine who it is.
//
// Invariants:
//   - One engine per data directory. The lock is a flock on a file whose
//     descriptor the child inherits, so it is held until the last of parent and
//     child is gone, and the kernel frees it whatever happens to them.
//   - The engine listens on 127.0.0.1 only. One user may do everything, user
//     "analyst" may only read tables. Without Options.Password neither has one, and
//     whoever can log in to the machine can reach the data while the engine runs.
//   - Start returns a server that answered as this data directory's engine, not
//     as a stranger who took the port first.
//   - A client cannot end the engine: not with a wrong login, not by hanging up.
//     clickhouse-local 26.7 promises that to interactive users only, so on Linux
//     the engine has a pseudo-terminal as its stdin, on which nobody types. On
//     macOS, which has no pinned engine, the promise is not kept.
//   - The library in the cache is whole or absent: it is renamed into place only
//     after the hash of what was downloaded was found right.
//
// The child is the program itself, started again with a marker in its
// environment. So main, and TestMain of every test that starts an engine, must
// call MaybeRunChild before anything else.
package embedded
