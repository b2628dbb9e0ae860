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
  UR_WIRE_FLOOD: entry(1, 'The peer sent control frames, empty frames or resets faster than the limit.', 'Report it: the peer is broken or hostile.'),
  UR_WIRE_GOAWAY: entry(1, 'The other side closed the session.', 'The message names its reason.'),
  UR_WIRE_RESET: entry(1, 'The other side reset the stream.', 'Look into the log of the other side.'),
  UR_WIRE_CARRIER_LOST: entry(1, 'A carrier was lost: its connection closed or failed.', 'Nothing: the agent reconnects.'),
  UR_WIRE_TIMEOUT: entry(1, 'Nothing came back on a carrier within the heartbeat limit.', 'Check the network between agent and server; the agent reconnects.'),
  UR_WIRE_CLOSED: entry(1, 'A session or stream was used after it was closed.', 'Report it.'),
  UR_WIRE_STREAM_LIMIT: entry(1, 'A session reached its limit of open streams.', 'Raise limits.streams_per_session.'),

  // programs: uniroute and uniroutd
  UR_USAGE: entry(2, 'The command line was not understood.', 'Run the command with --help.'),
  UR_UPSTREAM_SYNTAX: entry(2, 'An upstream was not understood.', 'Write 5432, host:5432, [::1]:5432, unix:/path or tls://host:5432.'),
  UR_NOT_IN_VERSION: entry(2, 'This version does not have that feature yet.', 'Update, or use a tcp or tls tunnel.'),
  UR_INTERNAL: entry(1, 'Something failed that should not: a defect of this program.', 'Report it, with the log at level debug.'),
  UR_CHECK_FAILED: entry(2, 'The check of a configuration found something that would not work.', 'Mend what the lines above name.'),
  UR_METRICS_LISTEN: entry(1, 'The address for metrics could not be listened on.', 'Free the port, or set listen.metrics to another.'),
} as const satisfies Record<`UR_${string}`, ErrorCodeEntry>

/** Every stable error code. */
export type Code = keyof typeof ERROR_CODES
