import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { NetworkError, RefusedError, type UniRouteError } from '../../../src/core/errors.js'
import { ConfigError } from '../../../src/core/errors.js'
import { fromEndpoint, fromTunnel } from '../../../src/inspector/api/ngrok/tunnels.js'
import type { TunnelDefinition } from '../../../src/inspector/tunnel-control.js'
import { upstream } from '../../support/http-upstream.js'
import { program } from '../../support/places.js'
import { answer, message } from '../messages.js'
import { InspectorApi, tunnel } from './support.js'

const run = promisify(execFile)

t.test('scripts that read the public address, as people write them', async (t) => {
  const api = await InspectorApi.start(t)
  api.tunnels.push(tunnel('waits', { publicUrl: null }))
  const address = 'https://web.example.com'
  const shell = await program('sh', 'dash')
  const at = `http://localhost:${api.port}/api/tunnels`
  const grep = `curl --noproxy '*' --silent ${at} | grep -o '"public_url":"https:[^"]*"' | cut -d'"' -f4`
  t.equal((await run(shell, ['-c', grep])).stdout, `${address}\n`)
  const fetched = `
    const { tunnels } = await (await fetch('${at}')).json()
    const url = tunnels.find((t) => t.proto === 'https').public_url
    console.log(url, tunnels[0].config.addr, tunnels.length)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', fetched])
  t.equal(stdout, `${address} localhost:80 1\n`)
})

t.test('status, tunnels and endpoints in their exact shapes', async (t) => {
  const api = await InspectorApi.start(t)
  const zero = { count: 0, rate1: 0, rate5: 0, rate15: 0, p50: 0, p90: 1_500_000, p95: 0, p99: 0 }
  const metrics = { conns: { ...zero, gauge: 0 }, http: zero }
  t.same((await api.call('/api/status')).body, {
    status: 'online',
    agent_version: '0.1.0',
    session: { legs: [{ region: 'n1', latency: '13ms' }] },
    uri: '/api/status',
  })
  const web = {
    name: 'web',
    uri: '/api/tunnels/web',
    public_url: 'https://web.example.com',
    proto: 'https',
    config: { addr: 'localhost:80', inspect: true },
    metrics,
  }
  t.same((await api.call('/api/tunnels')).body, { tunnels: [web], uri: '/api/tunnels' })
  t.same((await api.call('/api/tunnels/web')).body, web)
  const endpoint = {
    name: 'web',
    uri: '/api/endpoints/web',
    url: 'https://web.example.com',
    upstream: { url: 'localhost:80', protocol: 'https' },
    inspect: true,
    traffic_policy: '',
    pooling_enabled: false,
    metrics,
  }
  t.same((await api.call('/api/endpoints')).body, { endpoints: [endpoint], uri: '/api/endpoints' })
  t.same((await api.call('/api/endpoints/web')).body, endpoint)
  for (const path of ['/api', '/api/']) t.match(await api.call(path), { status: 200, body: { uri: '/api/' } })
  for (const path of ['/api/tunnels/x', '/api/endpoints/x', '/api/requests/http/x']) {
    t.match(await api.call(path), {
      status: 404,
      headers: { 'content-type': /^application\/json/ },
      body: { error_code: 100, status_code: 404, msg: /\w/, details: { err: /\w/ } },
    })
  }
})

t.test('captured requests: whole messages in base64, times in nanoseconds; replay and clear', async (t) => {
  const got: string[] = []
  const { port } = await upstream(t, (request, response) => {
    got.push(request.url ?? '')
    response.end()
  })
  const api = await InspectorApi.start(t, { upstream: String(port) })
  const { id, startedAt } = api.add({
    method: 'POST',
    target: '/favicon.ico',
    request: message(['x-TWO', '1', 'X-Two', '2', 'Authorization', 'secret'], 'tea'),
    response: answer(502, ['content-length', '3'], 'bad'),
    doneMs: 3.893202,
  })
  api.add({ tunnel: 'other', response: null })
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const expected = {
    uri: `/api/requests/http/${id}`,
    id,
    tunnel_name: 'web',
    remote_addr: '198.51.100.7',
    start: new Date(startedAt).toISOString(),
    duration: 3_893_202,
    request: {
      method: 'POST',
      proto: 'HTTP/1.1',
      headers: { 'X-Two': ['1', '2'], Authorization: ['[redacted]'] },
      uri: '/favicon.ico',
      raw: base64('POST /favicon.ico HTTP/1.1\r\nx-TWO: 1\r\nX-Two: 2\r\nAuthorization: [redacted]\r\n\r\ntea'),
    },
    response: {
      status: '502 OK',
      status_code: 502,
      proto: 'HTTP/1.1',
      headers: { 'Content-Length': ['3'] },
      raw: base64('HTTP/1.1 502 OK\r\ncontent-length: 3\r\n\r\nbad'),
    },
  }
  t.same((await api.call(`/api/requests/http/${id}`)).body, expected)
  t.match((await api.call('/api/requests/http')).body, {
    uri: '/api/requests/http',
    requests: [{ response: null }, { id }],
  })
  t.match((await api.call('/api/requests/http?limit=1')).body, { requests: { length: 1 } })
  t.same((await api.call('/api/requests/http?tunnel_name=web')).body, {
    uri: '/api/requests/http',
    requests: [expected],
  })
  t.match(await api.call('/api/requests/http?limit=x'), {
    status: 400,
    body: { error_code: 102, msg: 'invalid request' },
  })
  const replay = (body: object) => api.call('/api/requests/http', { method: 'POST', body })
  t.match(await replay({ id }), { status: 204, text: '' })
  t.match(await replay({ id, tunnelName: 'ignored' }), { status: 204 })
  t.same(got, ['/favicon.ico', '/favicon.ico'])
  t.match(await replay({ id, tunnel_name: 'nobody' }), { status: 502, body: { details: { err: /UR_REPLAY_TUNNEL/ } } })
  t.match(await replay({ id: 'x' }), { status: 404 })
  t.match(await replay({}), { status: 400 })
  t.match(await api.call('/api/requests/http', { method: 'DELETE' }), { status: 204, text: '' })
  t.equal(api.book.size, 0)
})

t.test('tunnels are started and stopped; clients announce JSON also where they send none', async (t) => {
  const started: TunnelDefinition[] = []
  const errors: UniRouteError[] = []
  const api: InspectorApi = await InspectorApi.start(t, {
    control: {
      start: async (definition, replaces) => {
        const error = errors.shift()
        if (error !== undefined) throw error
        const before = api.tunnels.findIndex(({ name }) => name === definition.name)
        if (before >= 0 && !replaces) throw new ConfigError('UR_TUNNEL_EXISTS', 'there is one already')
        if (before >= 0) api.tunnels.splice(before, 1)
        started.push(definition)
        api.tunnels.push(
          tunnel(definition.name, { kind: 'tcp', publicUrl: 'tcp://example.com:20001', upstream: 'localhost:22' }),
        )
      },
      stop: async (name) => {
        const at = api.tunnels.findIndex((each) => each.name === name)
        return at >= 0 && api.tunnels.splice(at, 1).length === 1
      },
    },
  })
  const post = (body: unknown, at = '/api/tunnels') => api.call(at, { method: 'POST', body })
  t.match(await post({ addr: '22', proto: 'tcp', name: 'ssh' }), {
    status: 201,
    body: { name: 'ssh', public_url: 'tcp://example.com:20001', proto: 'tcp', config: { addr: 'localhost:22' } },
  })
  t.match(await post({ addr: '22', proto: 'tcp', name: 'ssh' }), { status: 400, body: { details: { err: /already/ } } })
  t.match(await post({ addr: 80, oauth: {} }), {
    status: 400,
    body: { error_code: 102, msg: 'invalid tunnel configuration', details: { err: /oauth/ } },
  })
  t.match(await post({ proto: 'tcp' }), { status: 400, body: { details: { err: /address of the upstream/ } } })
  t.match(await post([]), { status: 400 })
  errors.push(
    new NetworkError('UR_SERVER_AWAY', 'gone'),
    new NetworkError('UR_AGENT_DRAINING', 'it stops'),
    new RefusedError('UR_RESERVED', 'it is reserved'),
    new ConfigError('UR_CONFIG_VALUE', 'wrong'),
  )
  const web = { addr: 80, name: 'w' }
  t.match(await post(web), {
    status: 503,
    body: { error_code: 104, details: { err: 'a successful ngrok tunnel session has not yet been established' } },
  })
  t.match(await post(web), { status: 503, body: { error_code: 104, details: { err: 'it stops (UR_AGENT_DRAINING)' } } })
  t.match(await post(web), {
    status: 502,
    body: { error_code: 103, msg: 'failed to start tunnel', details: { err: 'it is reserved (UR_RESERVED)' } },
  })
  t.match(await post(web), { status: 400, body: { error_code: 102 } })
  t.match(started, [{ name: 'ssh', keys: { kind: 'tcp', upstream: '22' } }])
  t.equal(started.length, 1)

  const json = { 'content-type': 'application/json' }
  t.match(await api.call('/api/tunnels', { headers: json }), { status: 200 }, 'as pyngrok asks')
  t.match(await api.call('/api/tunnels/ssh', { method: 'DELETE', headers: json }), { status: 204, text: '' })
  t.match(await api.call('/api/tunnels/web', { method: 'DELETE', raw: '{}', headers: { 'content-length': '2' } }), {
    status: 204,
  })
  t.match(await api.call('/api/tunnels/web', { method: 'DELETE' }), { status: 404, body: { status_code: 404 } })

  const at = '/api/endpoints'
  t.match(await post({ name: 'e', url: 'tcp://', upstream: { url: '22' } }, at), {
    status: 201,
    body: { name: 'e', uri: '/api/endpoints/e', url: 'tcp://example.com:20001' },
  })
  const put = { method: 'PUT', body: { url: 'tcp://', upstream: { url: '23' } } }
  t.match(await api.call(`${at}/e`, put), { status: 200, body: { name: 'e' } })
  t.match(await api.call(`${at}/f`, put), { status: 201, body: { name: 'f' } })
  t.match(await api.call(`${at}/f`, { method: 'DELETE' }), { status: 204 })
  t.match(await api.call(`${at}/f`, { method: 'DELETE' }), { status: 404 })
})

t.test('definitions of ngrok in our words', async (t) => {
  t.same(
    fromTunnel({ addr: 3000, subdomain: 'shop', inspect: false, schemes: ['http', 'https'], metadata: 'x', crt: null }),
    {
      name: 'http-3000',
      keys: { kind: 'http', upstream: '3000', subdomain: 'shop', inspect: false, scheme: 'both' },
      origins: { kind: 'proto', upstream: 'addr', scheme: 'schemes' },
    },
  )
  t.same(
    fromTunnel({
      ...{ name: 'a', proto: 'http', addr: 'localhost', hostname: 'a.example.com', bind_tls: 'true' },
      ...{ auth: 'u:p', oauth: null, compression: false, inspect: 'true', mutual_tls_cas: 'ca.pem' },
      ...{ host_header: 'rewrite', ip_restriction: { allow_cidrs: ['10.0.0.0/8'] }, circuit_breaker: 0.5 },
      ...{ request_header: { add: ['X: 1'] }, verify_webhook: { provider: 'github', secret: 's' } },
    }).keys,
    {
      ...{ kind: 'http', upstream: 'localhost:80', domain: 'a.example.com', scheme: 'https', basic_auth: ['u:p'] },
      ...{ host_header: 'rewrite', cidr_allow: ['10.0.0.0/8'], circuit_breaker: 0.5, inspect: true },
      ...{ request_header_add: ['X: 1'], mutual_tls_ca: ['ca.pem'] },
      ...{ verify_webhook: 'github', verify_webhook_secret: 's' },
    },
  )
  const dotted = fromTunnel({ addr: 1, 'ip_restriction.deny_cidrs': ['10.0.0.0/8'], 'response_header.remove': ['X'] })
  t.match(dotted.keys, { cidr_deny: ['10.0.0.0/8'], response_header_remove: ['X'] }, 'as the npm package writes them')
  const tcp = fromTunnel({ proto: 'tcp', addr: 'db:22', remote_addr: '1.tcp.ngrok.io:27210', proxy_proto: '2' })
  t.same(tcp.keys, { kind: 'tcp', upstream: 'db:22', remote_port: 27_210, proxy_protocol: 2 })
  const tls = fromTunnel({ proto: 'tls', addr: 443, crt: 'a.pem', key: 'a.key', terminate_at: 'agent' })
  t.same(tls.keys, { kind: 'tls', upstream: '443', crt: 'a.pem', key: 'a.key', terminate: 'agent' })
  const endpoint = fromEndpoint({
    url: 'https://a.example.com/api',
    upstream: { url: 8001, protocol: 'http2' },
    bindings: ['public'],
    pooling_enabled: true,
  })
  t.same(endpoint.keys, {
    ...{ kind: 'http', upstream: '8001', scheme: 'https', domain: 'a.example.com', path: '/api' },
    ...{ upstream_protocol: 'http2', pool: 'round-robin' },
  })
  t.match(fromEndpoint({ url: 'tcp://1.tcp.ngrok.io:27210', upstream: { url: 22 } }).keys, { remote_port: 27_210 })
})

t.test('what cannot be kept to is refused by its name, and not left out', async (t) => {
  const fields: readonly (readonly [object, RegExp])[] = [
    [{ oauth: { provider: 'google' } }, /"oauth"/],
    [{ constructor: 1 }, /"constructor"/],
    [{ traffic_policy_file: 'rules.yml' }, /traffic_policy_file/],
    [{ name: {} }, /name/],
    [{ name: 'a\u001b[2J' }, /name/],
    [{ ip_restriction: '10.0.0.0/8' }, /ip_restriction/],
    [{ ip_restriction: { allow: ['10.0.0.0/8'] } }, /ip_restriction\.allow"/],
    [{ verify_webhook: 'github' }, /verify_webhook/],
    [{ request_header: ['X: 1'] }, /request_header/],
    [{ remote_addr: 'example.com' }, /remote_addr/],
    [{ remote_addr: 'example.com:99999' }, /remote_addr/],
    [{ schemes: ['ftp'] }, /schemes/],
    [{ schemes: [] }, /schemes/],
    [{ bind_tls: 'perhaps' }, /bind_tls/],
    [{ terminate_at: 'edge' }, /terminate_at/],
    [{ bind_tls: true, schemes: ['http'] }, /bind_tls and schemes|schemes and bind_tls/],
    [{ domain: 'a.example', hostname: 'b.example' }, /hostname and domain|domain and hostname/],
  ]
  for (const [field, message] of fields) {
    t.throws(() => fromTunnel({ addr: 1, ...field }), { code: 'UR_CONFIG_VALUE', message }, JSON.stringify(field))
  }
  const endpoints: readonly (readonly [object, RegExp])[] = [
    [{ traffic_policy: 'x' }, /traffic_policy/],
    [{ bindings: ['internal'] }, /bindings/],
    [{ url: 'udp://' }, /url/],
    [{ upstream: { url: 1, tls: 'x' } }, /upstream\.tls/],
  ]
  for (const [field, message] of endpoints) {
    const given = { upstream: { url: 1 }, ...field }
    t.throws(() => fromEndpoint(given), { code: 'UR_CONFIG_VALUE', message }, JSON.stringify(field))
  }
})
