import { hostname } from 'node:os'
import type { z } from 'zod'
import { certs } from './certs-schema.js'
import { field, optional, section } from './field.js'
import { defaultMemoryLimit } from './memory.js'
import {
  choice,
  duration,
  either,
  hostName,
  hostNames,
  hostPort,
  integer,
  labels,
  listenAddress,
  networks,
  orOff,
  path,
  portRanges,
  resolvers,
  secret,
  size,
  text,
} from './values.js'

const listen = section('Where the server listens. A port of 0 is any free port.', {
  tls: field(listenAddress, {
    doc: 'The one port for agents and for visitors of `http` and `tls` tunnels.',
    default: 443,
  }),
  http: field(orOff(listenAddress), { doc: 'Plain HTTP.', default: 80 }),
  admin: field(orOff(listenAddress), {
    doc: 'The admin API ([docs/admin.md](admin.md)). On an address that other machines can reach it is served with TLS, with the certificates of the server.',
    default: '127.0.0.1:4041',
  }),
  admin_hosts: field(hostNames, {
    doc: 'Names by which the admin API may be called, besides IP addresses, `localhost` and `domain`: those of a proxy in front of it.',
    default: [],
    reload: true,
  }),
  metrics: field(orOff(listenAddress), {
    doc: '`/metrics` for Prometheus, `/healthz` and `/readyz`.',
    default: '127.0.0.1:9464',
  }),
  tcp_ports: field(portRanges, {
    doc: 'Public ports that `tcp` tunnels may have.',
    default: '20000-29999',
  }),
  udp_ports: field(orOff(portRanges), {
    doc: 'Public ports that `udp` tunnels may have.',
    default: 'off',
    later: 'key',
  }),
  proxy_protocol: field(networks, {
    doc: 'Networks of load balancers whose PROXY protocol header (v1 or v2) is read. Everybody else is taken as the visitor.',
    default: [],
    reload: true,
  }),
  trusted_proxies: field(networks, {
    doc: '`http` tunnels: networks of proxies whose `X-Forwarded-…`, `Forwarded` and `X-Request-Id` are believed. Those of everybody else are dropped.',
    default: [],
    reload: true,
  }),
})

/** Names of hosts that programs or people take for the operator's, or by which machines configure themselves. */
const REFUSED_LABELS =
  'abuse admin administrator autoconfig autodiscover broadcasthost hostmaster imap isatap localhost mail mx ns ns1 ns2 pop pop3 postmaster root security smtp ssladmin webmail webmaster wpad www'.split(
    ' ',
  )

const names = section('Who may have which name: [names.md](names.md).', {
  custom_domains: field(choice('reserved', 'any'), {
    doc: 'Names outside of `domain`. `reserved`: only for the account for which one was reserved and proved; `any`: whoever has a token may bind those that nobody has reserved, for a server for yourself alone.',
    default: 'reserved',
    reload: true,
  }),
  refused_labels: field(labels, {
    doc: 'Labels below `domain` that nobody gets without a reservation; names that look like them neither. Those that begin with an underscore belong to them.',
    default: REFUSED_LABELS,
    defaultText: REFUSED_LABELS.map((label) => `\`${label}\``).join(', '),
    reload: true,
  }),
})

const dns = section('How the proofs of reserved domains are looked for.', {
  resolvers: field(resolvers, {
    doc: 'DNS servers that are asked. None: those of the system, from `/etc/resolv.conf`.',
    default: [],
    reload: true,
  }),
  timeout: field(duration('100ms', '1m'), { doc: 'Time for one answer.', default: '5s', reload: true }),
  check_interval: field(duration('1s', '30d'), {
    doc: 'How often the proof of a domain is looked for again. One that is missing is looked for more often.',
    default: '1d',
    reload: true,
  }),
  grace: field(duration('0s', '365d'), {
    doc: 'How long a domain stays with its account after its proof was last found.',
    default: '7d',
    reload: true,
  }),
})

const limits = section('Bounds. A reloaded value is for new sessions and connections.', {
  sessions: field(integer(1, 1_000_000), { doc: 'Agents at once.', default: 10_000, reload: true }),
  tunnels_per_session: field(integer(1, 100_000), { doc: 'Tunnels of one agent.', default: 64, reload: true }),
  streams_per_session: field(integer(1, 1_000_000), {
    doc: 'Visitor connections of one agent at once.',
    default: 16_384,
    reload: true,
  }),
  carriers_per_session: field(integer(1, 8), { doc: 'TLS connections of one agent.', default: 8, reload: true }),
  connections: field(integer(1, 10_000_000), { doc: 'Visitor connections at once.', default: 65_536, reload: true }),
  connections_per_address: field(integer(0, 10_000_000), {
    doc: 'Visitor connections at once from one address, an IPv6 one counted by its /64; 0: any number. Addresses in `listen.trusted_proxies` are not counted.',
    default: 0,
    reload: true,
  }),
  connection_rate_per_address: field(integer(0, 1_000_000), {
    doc: 'New visitor connections a second from one address, likewise, and as many at once; 0: any number.',
    default: 0,
    reload: true,
  }),
  session_rate_per_address: field(integer(0, 1_000_000), {
    doc: 'New sessions of agents a second from one address, likewise, and as many at once; 0: any number. Agents that are turned away try again.',
    default: 0,
    reload: true,
  }),
  pending_connections: field(integer(1, 1_000_000), {
    doc: 'Connections at once that have not yet said who they are.',
    default: 4096,
    reload: true,
  }),
  hello_timeout: field(duration('100ms', '5m'), {
    doc: 'Time for a connection to say who it is: ClientHello, PROXY header, TLS handshake, first message of an agent.',
    default: '5s',
    reload: true,
  }),
  hello_bytes: field(size('1KiB', '64KiB'), {
    doc: 'Bytes of a ClientHello with everything before it.',
    default: '16KiB',
    reload: true,
  }),
  window_max: field(size('256KiB', '1GiB'), {
    doc: 'Receive window of one stream after it has grown.',
    default: '16MiB',
    reload: true,
  }),
  session_window_budget: field(size('1MiB', '64GiB'), {
    doc: 'Receive windows of one session together.',
    default: '64MiB',
    reload: true,
  }),
  process_window_budget: field(size('1MiB', '1024GiB'), {
    doc: 'Receive windows of all sessions together.',
    default: '512MiB',
  }),
  session_resend_budget: field(size('1MiB', '64GiB'), {
    doc: 'Bytes of one session that were sent and are kept until they have arrived, to be sent again when a connection is lost.',
    default: '64MiB',
    reload: true,
  }),
  process_resend_budget: field(size('1MiB', '1024GiB'), {
    doc: 'The same of all sessions together.',
    default: '512MiB',
  }),
  resume_timeout: field(duration('0s', '24h'), {
    doc: 'How long the visitors of an agent without any connection are held until it is back. 0: not at all.',
    default: '30s',
    reload: true,
  }),
  held_connections: field(integer(0, 10_000_000), {
    doc: 'Visitors held at once, for all agents that are away.',
    default: 16_384,
    reload: true,
  }),
  held_bytes: field(size('0B', '1024GiB'), {
    doc: 'Bytes of held visitors: kept until they have arrived, or waiting to be sent.',
    default: '256MiB',
    reload: true,
  }),
  memory: field(size('16MiB', '1024GiB'), {
    doc: 'Bytes of all buffers of the server together. Above, garbage is collected, at most once a second; where that is not enough, new visitors and requests are turned away (503), and those that are there go on.',
    default: defaultMemoryLimit(),
    defaultText: 'half of the memory that the server may have',
    reload: true,
  }),
  stream_queue: field(size('16KiB', '64MiB'), {
    doc: 'Bytes of one stream that wait to be sent before its source is paused.',
    default: '256KiB',
    reload: true,
  }),
  control_rate: field(integer(100, 1_000_000), {
    doc: 'Pings, empty frames and resets a second that an agent may send on one carrier.',
    default: 2_000,
    reload: true,
  }),
  http_header_bytes: field(size('4KiB', '1MiB'), {
    doc: '`http` tunnels: bytes of the header section of a request or an answer, and of its trailers.',
    default: '32KiB',
  }),
  http_header_timeout: field(duration('100ms', '10m'), {
    doc: '`http` tunnels: time for a visitor to send the header section of a request.',
    default: '10s',
  }),
  http_body_timeout: field(duration('1s', '24h'), {
    doc: '`http` tunnels: how long a visitor may send nothing of a body that is waited for, or take nothing of one.',
    default: '1m',
    reload: true,
  }),
  http_idle_timeout: field(duration('1s', '24h'), {
    doc: '`http` tunnels: how long a visitor’s connection may stay without a request.',
    default: '75s',
  }),
  http_response_timeout: field(duration('1s', '24h'), {
    doc: '`http` tunnels: time for an upstream to begin its answer.',
    default: '5m',
    reload: true,
  }),
  http2_streams: field(integer(1, 10_000), {
    doc: '`http` tunnels: requests of one HTTP/2 connection at once.',
    default: 128,
  }),
  http2_reset_rate: field(integer(1, 100_000), {
    doc: '`http` tunnels: requests a second that a visitor may break off on one HTTP/2 connection.',
    default: 200,
  }),
  held_requests: field(integer(0, 1_000_000), {
    doc: '`http` tunnels: requests that wait for an agent or an upstream that is away, of all tunnels together.',
    default: 4096,
    reload: true,
  }),
  held_request_bytes: field(size('0B', '64GiB'), {
    doc: '`http` tunnels: bytes of the requests that wait.',
    default: '64MiB',
    reload: true,
  }),
  http_webhook_bytes: field(size('8MiB', '64GiB'), {
    doc: '`http` tunnels: bytes of webhooks that are kept until they are verified (`verify_webhook`), of all tunnels together.',
    default: '64MiB',
  }),
})

/** Log keys, the same for server and agent. */
export const log = section('Log lines, on standard error.', {
  level: field(choice('debug', 'info', 'warn', 'error'), {
    doc: 'The least that is written.',
    default: 'info',
    reload: true,
  }),
  format: field(choice('text', 'json'), { doc: 'For people or for programs.', default: 'text' }),
})

/** The server's configuration: types, defaults, validation and docs/configuration.md come from here. */
export const serverSchema = section('', {
  domain: field(hostName, {
    doc: 'Name under which the server is reached; stands in public addresses.',
    default: 'localhost',
  }),
  data_dir: field(path, {
    doc: 'Folder for the database and for keys that the server makes.',
    default: '/var/lib/uniroute',
    path: true,
  }),
  grace_period: field(duration('0s', '24h'), {
    doc: 'Time for open streams to end after SIGTERM.',
    default: '30s',
    reload: true,
  }),
  listen,
  certs,
  store: field(
    either(
      choice('sqlite'),
      secret(
        'postgres://user:password@host/database, or file:/PATH of a file that holds such an address',
        /^postgres(ql)?:\/\/\S+$/,
      ),
    ),
    {
      doc: 'What holds tokens and all that outlives the process: `sqlite` (a file in `data_dir`), or a PostgreSQL address, in this file or in another one. The variable `UNIROUTE_STORE` wins over this key.',
      default: 'sqlite',
      secret: true,
    },
  ),
  redis: optional(secret('a redis:// address', /^rediss?:\/\/\S+$/), {
    doc: 'Redis address, for several nodes.',
    secret: true,
    later: 'key',
  }),
  node: section('This server among several.', {
    name: field(text('a name of letters, digits, dots and dashes', /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/), {
      doc: 'Told to agents, and in log lines.',
      default: hostname(),
      defaultText: 'the host name of the machine',
    }),
    advertise: optional(hostPort(443), { doc: 'Where agents reach this very node; told to them.' }),
  }),
  names,
  dns,
  limits,
  log,
  access_log: field(choice('off', 'on'), {
    doc: '`on`: a log line for each request of an `http` tunnel.',
    default: 'off',
    reload: true,
  }),
})

/** The parsed configuration of `uniroutd`. Durations are milliseconds, sizes bytes, paths absolute. */
export type ServerConfig = z.infer<typeof serverSchema>
