import type { z } from 'zod'
import { authorities } from './certs-schema.js'
import { field, map, optional, required, section } from './field.js'
import { httpKeys } from './http-schema.js'
import { log } from './server-schema.js'
import {
  choice,
  duration,
  either,
  fieldNames,
  hostNames,
  hostPattern,
  hostPort,
  integer,
  jsonPaths,
  listenAddress,
  onOff,
  path,
  paths,
  secret,
  size,
  subdomain,
  text,
  upstream,
} from './values.js'

const notYet = (kind: string): boolean => kind === 'udp'
/** Who writes `udp` is told that it is not in this version; nobody is told to write it. */
const kinds = { ...choice('tcp', 'tls', 'http', 'udp'), allowed: 'tcp, tls or http' }

/** One tunnel of the agent. */
export const tunnelSchema = section('', {
  kind: required(kinds, {
    doc: 'What the public side speaks; `udp` is not in this version.',
    later: notYet,
  }),
  upstream: required(upstream, { doc: 'The local service.' }),
  upstream_ca: optional(path, {
    doc: 'PEM file with the authority that signed the certificate of a `tls://` or `https://` upstream.',
    path: true,
  }),
  remote_port: field(integer(0, 65_535), {
    doc: 'Public port of a `tcp` tunnel; 0: the server chooses, the same one each time.',
    default: 0,
  }),
  domain: optional(hostPattern, { doc: 'Public name of an `http` or `tls` tunnel.' }),
  subdomain: optional(subdomain, {
    doc: 'Public name of an `http` or `tls` tunnel, below the domain of the server. Default: a random one.',
  }),
  path: optional(text('a path, such as /api', /^\/[\x21-\x7e]*$/), {
    doc: 'The paths that an `http` tunnel serves: this one and everything below it. Default: all.',
  }),
  scheme: field(choice('https', 'http', 'both'), {
    doc: 'How visitors reach an `http` tunnel.',
    default: 'https',
  }),
  upstream_protocol: field(choice('http1', 'http2'), {
    doc: 'How HTTP is spoken to the upstream of an `http` tunnel; `http2` is h2c, or h2 for an https:// upstream.',
    default: 'http1',
  }),
  pool: optional(choice('round-robin', 'least-connections'), {
    doc: 'Several agents may serve the name of an `http` tunnel; how requests are given out among them.',
  }),
  weight: field(integer(1, 100), {
    doc: 'With `pool`: the share of this agent beside that of the others.',
    default: 1,
  }),
  sticky: field(choice('off', 'cookie'), {
    doc: 'With `pool`: whether a visitor stays with the agent that served it first.',
    default: 'off',
  }),
  hold: field(duration('0s', '24h'), {
    doc: 'How long new visitors may wait while the agent has lost its connection and is on its way back.',
    default: '10s',
  }),
  terminate: optional(choice('agent'), {
    doc: '`agent`: TLS of an `http` or `tls` tunnel ends in the agent, and the server never has the plaintext ([certificates.md](certificates.md#tls-that-ends-in-the-agent)). Default: that of `http` ends at the server, that of `tls` at the upstream.',
  }),
  crt: optional(path, {
    doc: 'With `terminate`: PEM file with the certificate and its chain. None: one from the authority of `acme`.',
    path: true,
  }),
  key: optional(path, { doc: 'With `crt`: PEM file with its private key.', path: true }),
  proxy_protocol: optional(choice(1, 2), {
    doc: 'Tell the upstream the visitor’s address by a PROXY protocol header of this version.',
  }),
  inspect: field(onOff, {
    doc: 'Whether the inspector shows what passes through this tunnel; without, it keeps nothing of it.',
    default: true,
  }),
  ...httpKeys,
})

const inspect = section('The inspector: what passes through the tunnels, shown at `addr`. See docs/inspector.md.', {
  enabled: field(onOff, { doc: '`--inspect=false` and `--no-inspect` win over it.', default: true }),
  addr: field(listenAddress, {
    doc: 'Where its pages are; without a host only this machine reaches them. When the port is taken, the next free one.',
    default: '127.0.0.1:4040',
  }),
  memory: field(size('1MB', '4GB'), {
    doc: 'What all requests that are kept may take; older ones make room for newer ones.',
    default: '50MB',
  }),
  body: field(size('0B', '64MB'), {
    doc: 'How much is kept of the body of each request, of each response, and of the messages of each connection.',
    default: '1MB',
  }),
  reveal: field(onOff, {
    doc: 'Keep the secrets of header fields in memory, to be shown when they are asked for, and for replays.',
    default: false,
  }),
  store: optional(path, { doc: 'Folder where requests are kept across restarts. Default: they are not.', path: true }),
  protos: field(paths, {
    doc: '`.proto` files that describe gRPC messages. Without them the upstream is asked (server reflection).',
    default: [],
    path: true,
  }),
  allow_hosts: field(hostNames, {
    doc: 'Names by which its pages may be called, besides IP addresses and `localhost`.',
    default: [],
  }),
  redact: section('What is taken out besides what always is.', {
    headers: field(fieldNames, { doc: 'Header fields whose values are secrets.', default: [] }),
    json_paths: field(jsonPaths, { doc: 'Values in JSON bodies and messages.', default: [] }),
  }),
})

/** The agent's configuration: types, defaults, validation and docs/configuration.md come from here. */
export const agentSchema = section('', {
  server: optional(hostPort(443), { doc: 'The server. `UNIROUTE_SERVER` and `--server` win over it.' }),
  token: optional(secret('a token, such as unr_…', /^[\x21-\x7e]+$/), {
    doc: 'The token from `uniroutd token create`. `UNIROUTE_TOKEN` and `--token` win over it.',
    secret: true,
  }),
  agent_cert: optional(path, {
    doc: 'The certificate with which the agent logs in, from `uniroutd agent-cert create`: PEM, or PKCS#12 with the key in it. `UNIROUTE_AGENT_CERT` and `--agent-cert` win over it.',
    path: true,
  }),
  agent_key: optional(path, {
    doc: 'Its key, PEM. Default: it is in the file of `agent_cert`. `UNIROUTE_AGENT_KEY` and `--agent-key` win over it.',
    path: true,
  }),
  agent_cert_password_file: optional(path, {
    doc: 'File with the password of the PKCS#12 file, or of the key; instead of the variable `UNIROUTE_AGENT_CERT_PASSWORD`.',
    path: true,
  }),
  ca: optional(path, {
    doc: 'PEM file with one more authority to trust for the server’s certificate. `UNIROUTE_CA` and `--ca` win over it.',
    path: true,
  }),
  connections: field(either(choice('auto'), integer(1, 8)), {
    doc: 'Carriers: TLS connections to the server. `auto` grows and shrinks them by need.',
    default: 'auto',
  }),
  stripe: field(choice('auto', 'off'), {
    doc: '`auto`: a bulk stream over a long path uses several carriers at once. `off`: each stream one.',
    default: 'auto',
  }),
  state_dir: optional(path, {
    doc: 'Folder for what the agent keeps: its account with an authority, keys, certificates. None: `$STATE_DIRECTORY` (of systemd), else `~/.local/state/uniroute`, or below `$XDG_STATE_HOME`.',
    path: true,
  }),
  acme: section(
    'The authority for tunnels with `terminate: agent` and no files. Using it means that you agree to its terms of service.',
    authorities,
  ),
  log,
  inspect,
  tunnels: map(tunnelSchema, { doc: 'Tunnels by name, for `uniroute start`.' }),
})

/** The parsed configuration of `uniroute`. Paths are absolute. */
export type AgentConfig = z.infer<typeof agentSchema>
/** One tunnel of the agent's configuration. */
export type AgentTunnelConfig = AgentConfig['tunnels'][string]
