/** A metric whose value is read from plain numbers when the page is asked for. */
export interface NumberMetric {
  readonly kind: 'gauge' | 'counter'
  readonly name: string
  readonly help: string
  /** The label that tells its series apart; none: one series. */
  readonly label?: string
}

/** A metric that is bumped when something happens. */
export interface EventMetric {
  readonly kind: 'counter' | 'histogram'
  readonly name: string
  readonly help: string
  readonly label?: string
  readonly buckets?: readonly number[]
}

const gauge = (name: string, help: string, label?: string): NumberMetric => ({
  kind: 'gauge',
  name: `uniroute_${name}`,
  help,
  ...(label === undefined ? {} : { label }),
})

const total = (name: string, help: string, label?: string): NumberMetric => ({
  ...gauge(name, help, label),
  kind: 'counter',
})

const events = (name: string, help: string, label: string): EventMetric => ({
  kind: 'counter',
  name: `uniroute_${name}`,
  help,
  label,
})

const seconds = (name: string, help: string, buckets: readonly number[]): EventMetric => ({
  kind: 'histogram',
  name: `uniroute_${name}_seconds`,
  help,
  buckets,
})

const tunnels = gauge('tunnels', 'Public addresses bound to agents.', 'kind')
const connections = total(
  'connections_total',
  'Visitor connections given to an agent; of `http` tunnels the kept-alive ones that carry requests.',
  'kind',
)
const visitorBytes = total('visitor_bytes_total', 'Bytes from visitors (in) and to visitors (out).', 'direction')
const carrierBytes = total(
  'carrier_bytes_total',
  'Bytes on carriers, headers included, TLS not: from agents (in) and to agents (out).',
  'direction',
)
const orders = total(
  'certificate_orders_total',
  'Orders of certificates: issued, failed, or not made because another server had one (found) or had just failed (waiting).',
  'result',
)
const wireBuffers = gauge(
  'wire_buffer_bytes',
  'Memory bound by sessions: received and not consumed, waiting for a socket, window lent above the guaranteed 256 KiB.',
  'buffer',
)
const wireBounds = gauge('wire_buffer_limit_bytes', 'The most that uniroute_wire_buffer_bytes may be.', 'buffer')
const reordering = gauge(
  'reorder_buffer_bytes',
  'Of what was received and not consumed: came early, over one of several carriers, and waits for what stands in front.',
)
const kept = gauge(
  'resend_buffer_bytes',
  'Sent on carriers and kept until it has arrived, to be sent again when the carrier is lost.',
)
const rtt = gauge('session_rtt_seconds', 'Round trip time of the live sessions, from the yamux pings.', 'stat')

const reservations = gauge('reservations', 'Names and ports that are reserved for accounts.', 'kind')
const domains = gauge(
  'reserved_domains',
  'Reserved domains, by how their proof stands: proved; failing: missing, within the grace time; lapsed; unproved.',
  'state',
)
const recordsWaiting = gauge('records_waiting', 'Records that are not yet written to the database.', 'record')
const recordsDropped = total(
  'records_dropped_total',
  'Records that were never written: too many waited while the database failed, or agents caused too many.',
  'record',
)

/**
 * Every number that a source may report, by the name that it reports it under: its metric and the value of its label.
 * Numbers of several sources under one name are added up.
 */
export const NUMBERS = {
  sessions: [gauge('sessions', 'Agents connected.')],
  sessionsTotal: [total('sessions_total', 'Agents that connected, since the start.')],
  carriers: [gauge('carriers', 'TLS connections of agents.')],
  tcpTunnels: [tunnels, 'tcp'],
  tlsTunnels: [tunnels, 'tls'],
  httpTunnels: [tunnels, 'http'],
  streams: [gauge('streams', 'Open streams: visitor connections that were given to an agent.')],
  streamsTotal: [total('streams_total', 'Streams opened, since the start.')],
  connections: [gauge('connections', 'Visitor connections, identified or not.')],
  pendingConnections: [gauge('pending_connections', 'Connections that have not yet said who they are.')],
  tcpConnectionsTotal: [connections, 'tcp'],
  tlsConnectionsTotal: [connections, 'tls'],
  httpConnectionsTotal: [connections, 'http'],
  visitorBytesIn: [visitorBytes, 'in'],
  visitorBytesOut: [visitorBytes, 'out'],
  carrierBytesIn: [carrierBytes, 'in'],
  carrierBytesOut: [carrierBytes, 'out'],
  wireUnconsumed: [wireBuffers, 'unconsumed'],
  wirePending: [wireBuffers, 'pending'],
  wireWindow: [wireBuffers, 'window'],
  wireUnconsumedLimit: [wireBounds, 'unconsumed'],
  wirePendingLimit: [wireBounds, 'pending'],
  wireWindowLimit: [wireBounds, 'window'],
  httpActive: [gauge('http_requests_in_flight', 'Requests of `http` tunnels that are not over.')],
  httpHeld: [gauge('http_requests_held', 'Requests that wait for an agent or an upstream that is away.')],
  httpHeldBytes: [gauge('http_requests_held_bytes', 'Bytes of the requests that wait.')],
  httpWebhookBytes: [
    gauge('http_webhook_bytes', 'Bytes of webhooks that are kept until they are verified and delivered.'),
  ],
  httpLoginsWaiting: [gauge('http_logins_waiting', 'Passwords of visitors that wait to be checked; at most 64.')],
  heldSessions: [gauge('held_sessions', 'Agents without any connection whose visitors are held.')],
  heldVisitors: [gauge('held_connections', 'Visitors of agents that are away, held until they are back.')],
  lostCarriers: [gauge('lost_carriers', 'Carriers that are lost, and whose bytes are not yet in order.')],
  carriersLostTotal: [total('carriers_lost_total', 'Carriers that were lost and replaced, since the start.')],
  streamsResumedTotal: [total('streams_resumed_total', 'Streams that went on over another carrier, since the start.')],
  wireReordering: [reordering],
  wireKept: [kept],
  resentBytes: [total('resent_bytes_total', 'Bytes sent again over another carrier.')],
  reservedSubdomains: [reservations, 'subdomain'],
  reservedDomains: [reservations, 'domain'],
  reservedPorts: [reservations, 'port'],
  domainsProved: [domains, 'proved'],
  domainsFailing: [domains, 'failing'],
  domainsLapsed: [domains, 'lapsed'],
  domainsUnproved: [domains, 'unproved'],
  usageWaiting: [recordsWaiting, 'usage'],
  historyWaiting: [recordsWaiting, 'history'],
  auditWaiting: [recordsWaiting, 'audit'],
  usageDropped: [recordsDropped, 'usage'],
  historyDropped: [recordsDropped, 'history'],
  auditDropped: [recordsDropped, 'audit'],
  certificatesIssued: [orders, 'issued'],
  certificatesFound: [orders, 'found'],
  certificatesFailed: [orders, 'failed'],
  certificatesWaiting: [orders, 'waiting'],
  certificatesFailing: [gauge('certificates_failing', 'Names whose last order of a certificate failed.')],
  certificateIssuedAt: [
    gauge('certificate_last_success_timestamp_seconds', 'When an order last brought a certificate; since the start.'),
  ],
  rttMinSeconds: [rtt, 'min'],
  rttMedianSeconds: [rtt, 'median'],
  rttMaxSeconds: [rtt, 'max'],
} as const satisfies Record<string, readonly [NumberMetric, string?]>

/** The names under which a source reports. */
export type NumberName = keyof typeof NUMBERS

/** Everything that is bumped when it happens. */
export const EVENTS = {
  handshake: seconds(
    'handshake_duration',
    'Time from the first byte of an agent to Welcome.',
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  ),
  streamOpen: seconds(
    'stream_open_duration',
    'Time from opening a stream to the acceptance by the upstream.',
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  ),
  held: seconds(
    'hold_duration',
    'How long sessions without a connection were held until their agent was back, or they ended.',
    [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120],
  ),
  httpDuration: seconds(
    'http_request_duration',
    'Time from the head of a request to the end of its answer.',
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  ),
  httpRequests: events(
    'http_requests_total',
    'Requests of `http` tunnels, by class of the status: 2xx; none: no answer.',
    'status',
  ),
  httpFailures: events(
    'http_failures_total',
    'Requests that we answered with an error or broke off, by error code.',
    'reason',
  ),
  holdEnds: events('holds_total', 'Sessions that were held, by how that ended: resumed, or an error code.', 'end'),
  attaches: events(
    'attaches_total',
    'Connections attached to a session that exists: added to others, or returned after the last was lost.',
    'reason',
  ),
  handshakeFailures: events('handshake_failures_total', 'Agents that were not welcomed, by error code.', 'reason'),
  bindRefusals: events(
    'bind_refusals_total',
    'Tunnels that an agent asked for and did not get, by error code.',
    'reason',
  ),
  streamFailures: events(
    'stream_failures_total',
    'Visitors whose stream the agent did not accept, by error code.',
    'reason',
  ),
  rejections: events(
    'rejections_total',
    'Connections turned away before they reached a tunnel, by error code.',
    'reason',
  ),
  reloads: events('config_reloads_total', 'Reloads of the configuration, by result: ok or failed.', 'result'),
} as const satisfies Record<string, EventMetric>

/** What the process is: constant 1 with the version as a label. */
export const BUILD_INFO = {
  name: 'uniroute_build_info',
  help: 'The version of UniRoute; always 1.',
  label: 'version',
} as const

/** The configured bounds, so that a graph can show a value beside its bound. */
export const LIMIT = {
  name: 'uniroute_limit',
  help: 'Configured limits.* (bytes, seconds or a count).',
  label: 'limit',
} as const

/** When the certificates that are served end. */
export const EXPIRY = {
  name: 'uniroute_certificate_expiry_timestamp_seconds',
  help: 'When a certificate ends, by its first name; of many, the 1000 that end first.',
  label: 'name',
} as const

/** prom-client's own metrics that are left out: they walk every handle at each scrape, and their names break the rules. */
export const LEFT_OUT = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
] as const
