/** What docs/errors.md says of a code; the page is generated from this table. Codes are never reused. */
export interface ErrorCodeEntry {
  /** Exit code of a command that ends with it: 1 failed, 2 usage or config, 3 refused by the server, 4 unreachable. */
  readonly exit: 1 | 2 | 3 | 4
  /** What happened, one sentence. */
  readonly what: string
  /** What the reader can do, one sentence. */
  readonly todo: string
}

const entry = (exit: ErrorCodeEntry['exit'], what: string, todo: string): ErrorCodeEntry => ({ exit, what, todo })

export const ERROR_CODES = {
  // wire: yamux
  UR_WIRE_VERSION: entry(1, 'A frame had a version other than 0.', 'The other end does not speak yamux; check what listens there.'),
  UR_WIRE_TYPE: entry(1, 'A frame had an unknown type.', 'Update the older of the two sides.'),
  UR_WIRE_STREAM_ID: entry(1, 'A frame named a stream id that it may not: wrong parity, zero, or in use.', 'Report it: the peer is broken.'),
  UR_WIRE_WINDOW_EXCEEDED: entry(1, 'More bytes arrived on a stream than its receive window allowed.', 'Report it: the peer is broken.'),
  UR_WIRE_WINDOW_OVERFLOW: entry(1, 'Window updates added up to more than 2^32-1.', 'Report it: the peer is broken.'),
  UR_WIRE_AFTER_FIN: entry(1, 'Data came on a stream after its end.', 'Report it: the peer is broken.'),
  UR_WIRE_FLOOD: entry(1, 'The peer sent control frames, empty frames or resets faster than the limit.', 'Report it: the peer is broken or hostile.'),
  UR_WIRE_GOAWAY: entry(1, 'The other side closed the session.', 'The message names its reason.'),
  UR_WIRE_RESET: entry(1, 'The other side reset the stream.', 'Look into the log of the other side.'),
  UR_WIRE_CARRIER_LOST: entry(1, 'A carrier was lost: its connection closed or failed.', 'Nothing: the agent reconnects.'),
  UR_WIRE_TIMEOUT: entry(1, 'Nothing came back on a carrier within the heartbeat limit.', 'Check the network between agent and server; the agent reconnects.'),
  UR_WIRE_CLOSED: entry(1, 'A session or stream was used after it was closed.', 'Report it.'),
  UR_WIRE_REPLAY: entry(1, 'The peer broke the rules by which a lost carrier is replaced.', 'Report it: the peer is broken or hostile.'),
  UR_WIRE_OFFSET: entry(1, 'The peer claims to have bytes of a lost carrier that were never sent, or sent a striped stream with offsets that cannot be.', 'Report it: the peer is broken or hostile.'),
  UR_RESUME_TIMEOUT: entry(1, 'A session had no connection for longer than it is held, or what was lost was not made good in time. Its streams were reset.', 'Check the network between agent and server; raise limits.resume_timeout to hold sessions longer.'),
  UR_RESUME_BUDGET: entry(1, 'A connection was lost with more under way than is kept to be sent again. The session ended.', 'Raise limits.session_resend_budget or limits.process_resend_budget.'),
  UR_RESUME_FLAPPING: entry(1, 'Connections of a session were lost faster than they could be replaced. The session ended.', 'Check the network between agent and server; the agent opens a new session.'),
  UR_HELD_LIMIT: entry(1, 'Agents that are away held more visitors or bytes than they may. Those that held the most ended.', 'Raise limits.held_connections or limits.held_bytes.'),
  UR_AGENT_AWAY: entry(1, 'A visitor came while the agent had lost its connection, and could not wait until it was back.', 'Try again; the agent is on its way back. `uniroute --hold` says how long visitors may wait.'),
  UR_ATTACH_RATE: entry(1, 'An agent attached connections to its session faster than it may.', 'Nothing: the agent tries again. If it persists, look for what cuts its connections.'),
  UR_WIRE_STREAM_LIMIT: entry(1, 'A session reached its limit of open streams.', 'Raise limits.streams_per_session.'),

  // programs: uniroute and uniroutd
  UR_USAGE: entry(2, 'The command line was not understood.', 'Run the command with --help.'),
  UR_UPSTREAM_SYNTAX: entry(2, 'An upstream was not understood.', 'Write 5432, host:5432, [::1]:5432, unix:/path or tls://host:5432.'),
  UR_NOT_IN_VERSION: entry(2, 'This version does not have that feature yet.', 'Update, or use a tcp or tls tunnel.'),
  UR_INTERNAL: entry(1, 'Something failed that should not: a defect of this program.', 'Report it, with the log at level debug.'),
  UR_OUTPUT: entry(1, 'What a command answered could not be written to standard output.', 'Free some space where it goes to. The command itself was done: a token that was made this way is lost, so revoke it and make another.'),
  UR_CHECK_FAILED: entry(2, 'The check of a configuration found something that would not work.', 'Mend what the lines above name.'),
  UR_METRICS_LISTEN: entry(1, 'The address for metrics could not be listened on.', 'Free the port, or set listen.metrics to another.'),

  // store
  UR_STORE_MISSING: entry(1, 'There is no database in the data folder, or none of that name on the PostgreSQL server.', 'Name the folder of the server with --data-dir or --config; create the database with `createdb --owner USER NAME`.'),
  UR_STORE_CANNOT_OPEN: entry(1, 'The database file could not be opened or created.', 'Check that data_dir exists and that its owner is the user that runs the command.'),
  UR_STORE_READ_ONLY: entry(1, 'The database, its folder or its file system cannot be written, or the PostgreSQL server is a standby.', 'Give the user that runs the command write access to data_dir, or mount it read-write; name the primary in the address.'),
  UR_STORE_FULL: entry(1, 'The disk that holds the database is full.', 'Free some space on the file system of data_dir, or of the PostgreSQL server; nothing that was saved is lost.'),
  UR_STORE_LOCKED: entry(1, 'Another process held the lock of the database for too long.', 'Try again; if it persists, end the process that has the file open (`fuser FILE` names it), or the PostgreSQL session that holds the lock.'),
  UR_STORE_NOT_A_DATABASE: entry(1, 'The database file is not a database, or the database belongs to another program.', 'Point data_dir elsewhere, or move the file away; give UniRoute a PostgreSQL database of its own.'),
  UR_STORE_CORRUPT: entry(1, 'The files of the database are damaged.', 'Restore the database from a backup, or rescue the rows of an SQLite file with `sqlite3 FILE .recover`.'),
  UR_STORE_NEWER: entry(1, 'The database was written by a newer version of UniRoute.', 'Run that version or a newer one; a schema is never turned back.'),
  UR_STORE_GONE: entry(1, 'The database file was deleted or replaced while the server has it open.', 'Put the old file back, or restart the server with the one that is there now.'),
  UR_STORE_IO: entry(1, 'The operating system failed to read or write the database file.', 'Look for disk errors in the log of the kernel.'),
  UR_STORE_URL: entry(2, 'The PostgreSQL address in the key store was not understood.', 'Write postgres://user:password@host:5432/database, with %XX for characters of the password such as / # ? @ %.'),
  UR_STORE_UNREACHABLE: entry(1, 'PostgreSQL could not be reached, or the connection to it was lost.', 'Check host and port of the address, that PostgreSQL runs, and the network between. A server that runs keeps its tunnels and goes on by itself when the database is back.'),
  UR_STORE_LOGIN: entry(1, 'PostgreSQL refused the user or the password.', 'Check user and password of the address, and pg_hba.conf of the database server.'),
  UR_STORE_TLS: entry(1, 'The TLS connection to PostgreSQL failed.', 'Check sslmode and sslrootcert in the address, and the certificate of the database server.'),
  UR_STORE_DENIED: entry(1, 'The PostgreSQL user lacks a right in the database.', 'Make the user the owner of the database: `alter database NAME owner to USER`.'),
  UR_STORE_CONNECTIONS: entry(1, 'PostgreSQL has too many connections.', 'Raise max_connections, or the limit of the role or database; each server uses up to 10.'),
  UR_STORE_CONFLICT: entry(1, 'Other transactions changed the same rows first, several times in a row.', 'Try again.'),
  UR_STORE_TIMEOUT: entry(1, 'A statement took PostgreSQL longer than it may.', 'Look for sessions that hold locks (pg_locks) and for what keeps the database server busy.'),
  UR_STORE_IN_USE: entry(1, 'A database that was to be replaced is open in another process.', 'Stop the server, and restore again.'),
  UR_BACKUP_EXISTS: entry(1, 'The file that a backup was to be written to exists already.', 'Name a new file.'),
  UR_BACKUP_POSTGRES: entry(2, 'Backup and restore were asked for, and the database is PostgreSQL.', 'Use `pg_dump --format=custom --file=FILE ADDRESS` and `pg_restore --clean --if-exists --dbname=ADDRESS FILE`.'),
  UR_STORE_CLOSED: entry(1, 'The database was used after it was closed.', 'Report it.'),
  UR_STORE_FAILED: entry(1, 'The database refused a statement.', 'Report it with the message.'),
  UR_ACCOUNT_NAME_INVALID: entry(2, 'An account name is empty, too long, or has characters other than letters, digits and . _ @ -.', 'Choose a name of 1 to 64 such characters that begins with a letter or digit.'),
  UR_ACCOUNT_NAME_TAKEN: entry(1, 'An account of that name exists.', 'Choose another name.'),
  UR_ACCOUNT_NOT_FOUND: entry(1, 'No account has that id or name.', 'Check how it is written.'),
  UR_RESERVED: entry(3, 'A name or port is reserved already.', 'Choose another one.'),
  UR_RESERVATION_NOT_FOUND: entry(1, 'No reservation has that id.', 'Check how it is written.'),
  UR_TOKEN_NAME_INVALID: entry(2, 'A token name is empty, too long, or has characters other than letters, digits and . _ @ -.', 'Choose a name of 1 to 64 such characters that begins with a letter or digit.'),
  UR_TOKEN_NAME_TAKEN: entry(1, 'A token of that name exists and is not revoked.', 'Choose another name, or revoke the old token first.'),
  UR_TOKEN_NOT_FOUND: entry(1, 'No token has that id or name.', '`uniroutd token list` shows them.'),

  // access
  UR_TOKEN_MISSING: entry(3, 'The agent sent no token.', 'Give one with --token or UNIROUTE_TOKEN; `uniroutd token create NAME` makes one.'),
  UR_TOKEN_MALFORMED: entry(3, 'What the agent sent does not look like a token.', 'Copy the whole token: unr_ and 43 letters or digits.'),
  UR_TOKEN_INVALID: entry(3, 'The server does not know the token.', 'Check that token and server belong together, or create a new one with `uniroutd token create NAME`.'),
  UR_TOKEN_REVOKED: entry(3, 'The token was revoked.', 'Ask the operator of the server for a new one.'),
  UR_TOKEN_EXPIRED: entry(3, 'The token has expired.', 'Ask the operator of the server for a new one.'),
  UR_TOKEN_RATE: entry(3, 'Too many failed logins came from one address.', 'Wait for the time that the message names, then try with the right token.'),
  UR_TOKEN_UNCHECKED: entry(3, 'The server could not look the token up, because its database failed.', 'Try again; the operator finds the reason in the log of the server.'),

  // certs
  UR_CERT_UNREADABLE: entry(2, 'A certificate or key file could not be read.', 'Check the path, and that the user that runs the server may read it.'),
  UR_CERT_INVALID: entry(2, 'A file holds no certificate that can be parsed.', 'Give a PEM file that begins with -----BEGIN CERTIFICATE-----, the leaf first.'),
  UR_CERT_KEY_INVALID: entry(2, 'A file holds no private key that can be parsed.', 'Give an unencrypted PEM private key.'),
  UR_CERT_KEY_ENCRYPTED: entry(2, 'A private key is protected by a passphrase.', 'Decrypt it: `openssl pkey -in KEY -out PLAIN`, and keep the file mode at 0600.'),
  UR_CERT_MISMATCH: entry(2, 'A private key does not belong to the certificate beside it.', 'Give the key that the certificate was issued for.'),
  UR_CERT_EXPIRED: entry(2, 'A certificate has expired.', 'Renew it; the server picks the new file up by itself.'),
  UR_CERT_NOT_YET_VALID: entry(2, 'A certificate is not valid yet.', 'Check the clock of the machine.'),
  UR_CERT_CHAIN_ORDER: entry(2, 'The certificates of a chain are not in order.', 'Put the leaf first and then each issuer; certbot calls that file fullchain.pem.'),
  UR_CERT_NO_NAMES: entry(2, 'A certificate names no host.', 'Use a certificate with a subjectAltName.'),
  UR_CERT_DEV_CA: entry(1, 'The development CA could not be created or loaded.', 'Delete the folder dev-ca in data_dir; a new CA is made, which has to be trusted again.'),

  // protocol: preface, control stream, headers of streams
  UR_PROTOCOL_VERSION: entry(3, 'Agent and server speak different versions of the protocol.', 'Update the older of the two sides; the message names the versions.'),
  UR_PROTOCOL_MESSAGE: entry(1, 'Bytes that should be a message could not be read.', 'Check that --server names the TLS port of a UniRoute server; update the older of the two sides.'),
  UR_PROTOCOL_TOO_LARGE: entry(1, 'A message was larger than its limit.', 'Report it: the peer is broken or hostile.'),
  UR_PROTOCOL_UNEXPECTED: entry(1, 'A message of an unknown type came before Welcome.', 'Update the older of the two sides.'),
  UR_HANDSHAKE_TIMEOUT: entry(4, 'The other side did not send its half of the handshake in time.', 'Check the network, and that --server names the TLS port of a UniRoute server.'),
  UR_HANDSHAKE_CLOSED: entry(4, 'The other side closed the connection during the handshake.', 'Look into the log of the other side.'),
  UR_CONTROL_BACKLOG: entry(1, 'The other side does not read its control stream.', 'Nothing: the session is closed and the agent reconnects.'),
  UR_CONTROL_FLOOD: entry(1, 'The other side sends more control messages than it may.', 'Report it: the peer is broken or hostile.'),
  UR_REFUSED: entry(3, 'The server refused with a code that this version does not know.', 'Read the message; update the agent.'),
  UR_NO_SUCH_TUNNEL: entry(1, 'The agent does not have the tunnel that a visitor came for.', 'Nothing when a tunnel was just closed; otherwise report it.'),
  UR_UPSTREAM_REFUSED: entry(1, 'The upstream refused the connection.', 'Start the local service, or correct the upstream of the tunnel.'),
  UR_UPSTREAM_TIMED_OUT: entry(1, 'The upstream did not accept a connection in time.', 'Check that the upstream is reachable from the agent and not overloaded.'),
  UR_UPSTREAM_RESET: entry(1, 'The upstream cut a connection that it had accepted.', 'Look into the log of the upstream.'),
  UR_UPSTREAM_UNREACHABLE: entry(1, 'The upstream could not be reached.', 'Check the address of the upstream and the network of the agent.'),
  UR_UPSTREAM_TLS: entry(1, 'The TLS handshake with the upstream failed.', 'Give the CA of the upstream to the tunnel, or correct its name.'),
  UR_UPSTREAM_NOT_FOUND: entry(1, 'The name of the upstream does not resolve, or its unix socket does not exist.', 'Correct the upstream of the tunnel.'),
  UR_AGENT_DRAINING: entry(1, 'The agent is stopping and takes no new connections.', 'Start the agent again, or wait for the next one.'),
  UR_AGENT_OVERLOADED: entry(1, 'The agent has too many connections open.', 'Raise its limit, or run a second agent.'),

  // hello: the first bytes of a public connection
  UR_HELLO_TIMEOUT: entry(1, 'A connection did not send a whole TLS ClientHello in time.', 'Look at the client; limits.hello_timeout is the deadline.'),
  UR_HELLO_TOO_LONG: entry(1, 'A TLS ClientHello was longer than the limit.', 'Look at the client; limits.hello_bytes is the limit.'),
  UR_HELLO_NOT_TLS: entry(1, 'A connection to the TLS port did not begin with TLS.', 'Use a TLS client on this port, and a tcp tunnel for anything else.'),
  UR_HELLO_PLAIN_HTTP: entry(1, 'Plain HTTP came to the TLS port.', 'Use https:// instead of http://.'),
  UR_HELLO_INVALID: entry(1, 'A TLS ClientHello broke the rules of TLS.', 'Look at the client: the message names what is wrong.'),
  UR_HELLO_CLOSED: entry(1, 'A connection was closed before a whole TLS ClientHello had come.', 'Nothing, if it was a port scan or a health check; otherwise look at the client.'),
  UR_PROXY_HEADER_INVALID: entry(1, 'A connection from a trusted proxy did not begin with a valid PROXY protocol header.', 'Turn the PROXY protocol on at the proxy, or take it out of listen.proxy_protocol.'),
  // config
  UR_CONFIG_MISSING: entry(2, 'The configuration file does not exist.', 'Create it, or name another with --config.'),
  UR_CONFIG_UNREADABLE: entry(2, 'The configuration file cannot be read.', 'Let the user of the process read it.'),
  UR_CONFIG_SYNTAX: entry(2, 'The configuration file is not valid YAML.', 'Correct it at the line and column of the message.'),
  UR_CONFIG_UNKNOWN_KEY: entry(2, 'The configuration has a key that does not exist.', 'Use the key that the message names, or remove it.'),
  UR_CONFIG_VALUE: entry(2, 'A value of the configuration is not allowed.', 'Write what the message says is allowed.'),
  UR_CONFIG_UNAVAILABLE: entry(2, 'The configuration uses a feature that this version does not have.', 'Leave the key out.'),

  // tunnels: the server's side of agents
  UR_BIND_INVALID: entry(2, 'A tunnel was asked for in a way that makes no sense.', 'The message names what is wrong.'),
  UR_RULE_UNKNOWN: entry(3, 'A tunnel was asked for with a rule that the server does not know, and so could not keep.', 'Update the server, or leave the rule out.'),
  UR_KIND_UNSUPPORTED: entry(3, 'The server does not offer tunnels of that kind.', 'Use another kind, or another server.'),
  UR_PORT_RANGE: entry(3, 'The port is outside the range that the server offers.', 'Choose a port inside the range, or leave --remote-port out.'),
  UR_PORT_TAKEN: entry(3, 'The port is in use already.', 'Choose another port, or leave --remote-port out.'),
  UR_PORT_DENIED: entry(3, 'The server may not listen on that port.', 'Choose a port above 1023, or give uniroutd CAP_NET_BIND_SERVICE.'),
  UR_PORTS_EXHAUSTED: entry(3, 'No port is free in the range that the server offers.', 'Close a tunnel, or widen listen.tcp_ports.'),
  UR_NAME_TAKEN: entry(3, 'The host name is in use by someone else.', 'Choose another name.'),
  UR_NAME_INVALID: entry(3, 'That is not a host name.', 'Write a name such as db.example.com, or *.example.com.'),
  UR_NAME_RESERVED: entry(3, 'The host name belongs to the server itself.', 'Choose another name.'),
  UR_TAKEN_OVER: entry(3, 'Another agent with the same token took the address over.', 'Stop one of the two agents, or give them different addresses.'),
  UR_TUNNEL_LIMIT: entry(3, 'The session has as many tunnels as it may.', 'Close a tunnel, or raise limits.tunnels_per_session.'),
  UR_TUNNEL_CLOSED: entry(1, 'The tunnel was closed by its agent.', 'Nothing: the agent asked for it.'),
  UR_SESSION_LIMIT: entry(3, 'The server has as many sessions as it may.', 'Raise limits.sessions.'),
  UR_SESSION_UNKNOWN: entry(1, 'A carrier was offered for a session that does not exist.', 'Nothing: the agent opens a new session.'),
  UR_CARRIER_LIMIT: entry(1, 'The session has as many carriers as it may.', 'Raise limits.carriers_per_session.'),
  UR_SERVER_DRAINING: entry(1, 'The server is closing and takes no new sessions.', 'Nothing: the agent tries again.'),
  UR_AGENT_OFFLINE: entry(1, 'The agent of a tunnel is leaving or gone.', 'Start the agent again.'),
  UR_STREAM_UNANSWERED: entry(1, 'The agent did not answer when a visitor came.', 'Look into the log of the agent.'),
  UR_VISITOR_GONE: entry(1, 'A visitor left before the upstream was connected.', 'Nothing.'),

  // http tunnels
  UR_HTTP_MALFORMED: entry(1, 'A request was malformed, or could be read in two ways.', 'Correct the client; the message names what is wrong.'),
  UR_HTTP_HEADER_TOO_LONG: entry(1, 'The header section of a request was too long.', 'Send less, such as fewer cookies, or raise limits.http_header_bytes.'),
  UR_HTTP_METHOD: entry(1, 'A request had a method that cannot be served.', 'Use another method: CONNECT is for proxies, and WebSockets begin with GET.'),
  UR_HTTP_SLOW_VISITOR: entry(1, 'A visitor sent or took nothing of a body for too long.', 'Try again over a better connection, or raise limits.http_body_timeout.'),
  UR_HTTP_FLOOD: entry(1, 'A visitor broke requests off, or sent frames that serve none, faster than he may.', 'Nothing, if it was an attack; if the client breaks many requests off, raise limits.http2_reset_rate.'),
  UR_UPSTREAM_NO_UPGRADE: entry(1, 'The upstream cannot go over to the protocol that the visitor asked for.', 'Use another --upstream-protocol, or an upstream that can.'),

  // ingress: public listeners
  UR_LISTEN_IN_USE: entry(1, 'An address that the server should listen on is in use.', 'Stop the other program, or change listen.*.'),
  UR_LISTEN_DENIED: entry(1, 'The server may not listen on an address.', 'Use a port above 1023, or give it CAP_NET_BIND_SERVICE.'),
  UR_LISTEN_FAILED: entry(1, 'An address could not be listened on.', 'The message says why; correct listen.*.'),
  UR_SOCKET_NAME: entry(2, 'systemd handed over a socket under a name that the server does not know.', 'Write FileDescriptorName=tls or =http in its socket unit, one socket for each.'),
  UR_FD_EXHAUSTED: entry(1, 'The process has no file descriptors left; new connections are closed.', 'Raise LimitNOFILE, or lower limits.connections.'),
  UR_CONNECTION_LIMIT: entry(1, 'The server has as many visitors as it may; new ones are closed.', 'Raise limits.connections.'),
  UR_PENDING_LIMIT: entry(1, 'Too many connections said nothing yet; the oldest was closed.', 'Raise limits.pending_connections, if they are no attack.'),
  UR_PROXY_HEADER_UNTRUSTED: entry(1, 'A PROXY protocol header came from a network that is not trusted.', 'Add the load balancer to listen.proxy_protocol, if it is yours.'),
  UR_TLS_HANDSHAKE: entry(1, 'The TLS handshake with an agent failed.', 'Look at the agent: often it does not trust the certificate of the server.'),
  UR_SNI_UNKNOWN: entry(1, 'A visitor asked for a host name that no tunnel has.', 'Start the tunnel, or correct the DNS record.'),

  // proxy: requests of http tunnels that are answered by the server
  UR_HTTP_NO_TUNNEL: entry(1, 'A visitor asked for a host and path that no http tunnel has.', 'Check the address; the agent shows its public address when it starts.'),
  UR_HTTP_MISDIRECTED: entry(1, 'A request was for a host that does not belong to the connection that it came over.', 'Open a new connection to the host; browsers do so by themselves.'),
  UR_HTTP_LOOP: entry(1, 'A request passed the server again and again.', 'Let the upstream answer by itself instead of forwarding to the public address of its tunnel.'),
  UR_HOLD_TIMEOUT: entry(1, 'A request waited for its agent or the upstream for as long as it may.', 'Start the agent or the upstream; --hold says how long requests may wait.'),
  UR_AGENT_GONE: entry(1, 'The agent was lost in the middle of a request.', 'Look into the log of the agent. Whether the request was carried out is unknown.'),
  UR_UPSTREAM_INVALID: entry(1, 'What the upstream answered is not valid HTTP.', 'Check that the upstream is an HTTP service, and whether it wants https:// or HTTP/2.'),
  UR_UPSTREAM_SILENT: entry(1, 'The upstream took a request and did not answer in time.', 'Look into the log of the upstream.'),

  // access: what the rules of an http tunnel do not let through
  UR_VISITOR_LOGIN: entry(1, 'A request had no user name and password that --basic-auth lets in.', 'Log in with those that the owner of the tunnel gave.'),
  UR_VISITOR_LOGIN_RATE: entry(1, 'Too many failed logins came from one address.', 'Wait for a minute, then try with the right password.'),
  UR_VISITOR_LOGIN_BUSY: entry(1, 'As many passwords as may wait to be checked are waiting.', 'Try again; if it persists, somebody is guessing passwords: --cidr-deny keeps an address out.'),
  UR_VISITOR_ADDRESS: entry(1, 'A visitor came from an address that --cidr-allow or --cidr-deny keeps out.', 'Correct the lists, if he should come in.'),
  UR_VISITOR_RATE: entry(1, 'A visitor sent more requests than --rate-per-visitor allows.', 'Send fewer, or raise the rate.'),
  UR_TUNNEL_RATE: entry(1, 'A tunnel got more requests than --rate allows.', 'Try again, or raise the rate.'),
  UR_BODY_TOO_LARGE: entry(1, 'The body of a request was larger than --max-body allows, or than is kept to verify a webhook.', 'Send less, or raise --max-body.'),
  UR_CIRCUIT_OPEN: entry(1, 'Too many of the last requests to an upstream failed; it gets none for a while.', 'Look into the log of the upstream; --circuit-breaker says how many failures are too many.'),
  UR_WEBHOOK_SIGNATURE: entry(1, 'A request had no signature that --verify-webhook accepts.', 'Compare the provider and the secret with what the sender has.'),
  UR_WEBHOOK_EXPIRED: entry(1, 'A webhook was signed more than five minutes ago, or in the future.', 'Check the clocks of sender and server; let the sender send it again.'),
  UR_WEBHOOK_REPLAYED: entry(1, 'The very same signed webhook was delivered a moment ago.', 'Nothing, if the sender did not send it twice: somebody else did.'),
  UR_WEBHOOK_BUSY: entry(1, 'The webhooks that wait to be verified have as many bytes as they may.', 'Nothing: senders try again.'),

  // agent: connecting to the server
  UR_AGENT_OPTION: entry(2, 'An option of `new Agent(…)` is missing or makes no sense.', 'The message names the option and what may be written.'),
  UR_SERVER_NAME: entry(4, 'The name of the server does not resolve.', 'Check --server and the DNS of this machine.'),
  UR_SERVER_UNREACHABLE: entry(4, 'No connection to the server could be made.', 'Check --server, that uniroutd runs, and the firewalls between.'),
  UR_SERVER_TIMEOUT: entry(4, 'The server did not answer in time.', 'Check --server and the network; if only a proxy leads out, set https_proxy.'),
  UR_SERVER_LOST: entry(4, 'The session with the server was lost.', 'Nothing: the agent reconnects, unless --no-reconnect forbids it.'),
  UR_SERVER_TLS: entry(4, 'The TLS handshake with the server failed.', 'Check that --server names the TLS port of a UniRoute server.'),
  UR_SERVER_NO_TLS: entry(4, 'What answered does not speak TLS.', 'Check the host and the port of --server: it has to be the TLS port of a UniRoute server.'),
  UR_SERVER_ALPN: entry(1, 'What answered is no UniRoute server, or not on this port.', 'Check the host and the port of --server.'),
  UR_TLS_VERIFY: entry(1, 'The certificate of the server could not be verified.', 'Give the authority that signed it with --ca FILE, or correct the host of --server.'),
  UR_CA_FILE: entry(2, 'A file with certificate authorities could not be read or holds no certificate.', 'Give a PEM file that begins with -----BEGIN CERTIFICATE-----.'),
  UR_PROXY_CONFIG: entry(2, 'The URL of the HTTP proxy was not understood.', 'Write https_proxy as http://USER:PASSWORD@HOST:PORT.'),
  UR_PROXY_CONNECT: entry(4, 'The HTTP proxy did not make the connection to the server.', 'The message has the answer of the proxy; put the host of the server into no_proxy to go without it.'),
} as const satisfies Record<`UR_${string}`, ErrorCodeEntry>

/** Every stable error code. */
export type Code = keyof typeof ERROR_CODES
