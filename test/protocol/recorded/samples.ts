import { AcceptResult, Http, Kind, NoticeLevel } from '../../../src/protocol/messages.js'

/** A message of the recordings: every field is set to something that is not its default. */
export interface Sample {
  readonly type: 'Control' | 'Preface' | 'PrefaceReply' | 'StreamOpen' | 'StreamAccept'
  readonly content: object
}

const SECRET = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const control = (content: object): Sample => ({ type: 'Control', content })

export const SAMPLES: Readonly<Record<string, Sample>> = {
  hello: {
    type: 'Preface',
    content: {
      hello: {
        protocol: 1,
        agentVersion: '0.1.0',
        token: 'unr_0123456789',
        instanceId: '5f9b3f0e-7a4c-4a37-9d0e-000000000000',
        capabilities: ['carriers', 'another'],
        platform: 'linux-x64',
        maxCarriers: 8,
      },
    },
  },
  attach: {
    type: 'Preface',
    content: { attach: { sessionId: 's-1', secret: SECRET, protocol: 1, returns: true } },
  },
  welcome: {
    type: 'PrefaceReply',
    content: {
      welcome: {
        protocol: 1,
        serverVersion: '0.1.0',
        sessionId: 's-1',
        secret: SECRET,
        capabilities: ['carriers'],
        limits: { streams: 65_536, tunnels: 100, carriers: 8 },
        carriersWanted: 2,
        node: 'node-1',
        nodeAddress: 'node-1.example.com:443',
        otherNodes: ['node-2.example.com:443', '[2001:db8::1]:443'],
        carrier: 3,
        resumeTimeoutMs: 30_000,
      },
    },
  },
  refused_hello: {
    type: 'PrefaceReply',
    content: {
      refused: {
        code: 'UR_PROTOCOL_VERSION',
        message: 'The agent speaks protocol version 2; this server speaks 1.',
        retryable: true,
        retryAfterMs: 1500,
        protocols: [1, 300],
      },
    },
  },
  bind: control({
    bind: {
      request: 1,
      kind: Kind.KIND_TCP,
      name: 'tcp-5432',
      remotePort: 20001,
      preferredPort: 20002,
      subdomain: 'shop',
      domain: 'db.example.com',
      proxyProtocol: 2,
      holdMs: 10_000,
    },
  }),
  bind_http: control({
    bind: {
      request: 2,
      kind: Kind.KIND_HTTP,
      name: 'shop',
      http: {
        path: '/api',
        preferredHost: 'brisk-otter-4f2a.example.com',
        scheme: Http.Scheme.BOTH,
        upstreamProtocol: Http.UpstreamProtocol.HTTP2,
        balance: Http.Balance.LEAST_CONNECTIONS,
        weight: 2,
        sticky: true,
      },
      httpOptions: {
        hostHeader: 'localhost:3000',
        requestHeaders: { add: [{ name: 'X-Team', value: 'shop' }], remove: ['Referer'] },
        responseHeaders: { remove: ['Server'] },
        rules: {
          required: ['basic_auth', 'max_body'],
          basicAuth: [{ user: 'ann', salt: SECRET, hash: SECRET, logN: 14, r: 8, p: 1 }],
          cidrAllow: ['10.0.0.0/8'],
          cidrDeny: ['2001:db8::/32'],
          maxBody: 5_000_000_000,
          rate: { burst: 1800, perSecond: 0.5 },
          ratePerVisitor: { burst: 10, perSecond: 10 },
          circuitBreaker: 0.25,
          webhook: { provider: 'hmac', secret: 'hush', header: 'x-sum' },
          mutualTlsCa: [SECRET],
        },
      },
    },
  }),
  bound: control({
    bound: { request: 1, tunnelId: 7, publicUrl: 'tcp://tunnels.example.com:20001', remotePort: 20001 },
  }),
  refused: control({ refused: { request: 2, code: 'UR_PORT_TAKEN', message: 'Port 20001 is täken.', tunnelId: 7 } }),
  unbind: control({ unbind: { tunnelId: 7 } }),
  carriers: control({ carriers: { wanted: 4 } }),
  drain: control({ drain: { graceMs: 30_000, reason: 'restart', instead: ['node-2.example.com:443'] } }),
  notice: control({ notice: { level: NoticeLevel.WARNING, code: 'UR_SERVER_DRAINING', text: 'Soon.' } }),
  stats: control({
    stats: { visitorsTotal: 1_000_000, visitorsOpen: 12, bytesIn: 5_000_000_000, bytesOut: Number.MAX_SAFE_INTEGER },
  }),
  stream_open: {
    type: 'StreamOpen',
    content: {
      tunnelId: 7,
      connectionId: '0af7651916cd43dd8448eb211c80319c',
      kind: Kind.KIND_TLS,
      visitorAddress: '2001:db8::7',
      visitorPort: 4711,
      serverAddress: '198.51.100.1',
      serverPort: 443,
      sni: 'db.example.com',
      alpn: 'h2',
      traceId: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
    },
  },
  stream_accept_ok: { type: 'StreamAccept', content: { result: AcceptResult.OK } },
  stream_accept_failed: {
    type: 'StreamAccept',
    content: { result: AcceptResult.UPSTREAM_NOT_FOUND, detail: 'there is no /run/db.sock' },
  },
}
