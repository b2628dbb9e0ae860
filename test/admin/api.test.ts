import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { ENDPOINTS } from '../../src/admin/index.js'
import { eventually } from '../support/hang.js'
import { Agent } from '../support/product.js'
import { echoOn, startEcho, visit } from '../support/pumps.js'
import { AdminApi, adminToken, request } from './support.js'

const problem = (status: number, code: string) => ({
  status,
  headers: { 'content-type': /^application\/problem\+json/, 'cache-control': 'no-store' },
  body: { status, code, detail: /\w/, retryable: Boolean },
})

t.test('who may: tokens and their scopes', async (t) => {
  const api = await AdminApi.start(t)
  const agents = await api.server.createToken('agent')
  t.match(await api.call('/api/v1/tokens', { token: null }), {
    ...problem(401, 'UR_ADMIN_TOKEN_MISSING'),
    headers: { 'www-authenticate': /^Bearer/ },
  })
  t.match(await api.call('/api/v1/tokens', { token: agents }), problem(401, 'UR_ADMIN_TOKEN_INVALID'))
  t.match(await api.call('/api/v1/tokens', { token: `unra_${'a'.repeat(43)}` }), problem(401, 'UR_ADMIN_TOKEN_INVALID'))

  for (const each of ENDPOINTS.filter(({ method }) => method !== 'GET')) {
    const at = each.path.replace('{id}', 'x')
    const call = { method: each.method, token: api.read, ...(each.body === null ? {} : { body: {} }) }
    t.match(await api.call(at, call), problem(403, 'UR_ADMIN_SCOPE'), `${each.method} ${each.path}`)
  }
  t.match(await api.call('/api/v1/tokens', { token: api.read }), { status: 200 })
  t.match((await api.get<{ items: unknown[] }>('audit')).items.length, 3, 'nothing was changed: three tokens were made')

  t.match(await api.call('/api/v1/admin-tokens/read', { method: 'DELETE' }), { status: 200 })
  t.match(await api.call('/api/v1/tokens', { token: api.read }), problem(401, 'UR_ADMIN_TOKEN_INVALID'))
  const brief = { name: 'brief', expires_at: new Date(Date.now() + 1_000).toISOString() }
  const made = (await api.call('/api/v1/admin-tokens', { method: 'POST', body: brief })).body as { token: string }
  await eventually('the end of a token', async () => {
    const { status } = await api.call('/api/v1/health', { token: made.token })
    if (status !== 401) throw new Error(String(status))
  })
  for (let i = 0; i < 30; i++) await api.call('/api/v1/tokens', { token: `unra_${String(i).repeat(43).slice(0, 43)}` })
  t.match(await api.call('/api/v1/tokens', { token: made.token }), {
    ...problem(429, 'UR_ADMIN_TOKEN_RATE'),
    headers: { 'retry-after': /^\d+$/ },
  })
  t.match(await api.call('/api/v1/tokens'), { status: 200 }, 'a good token is let in all the same')
})

t.test('what a browser can be made to send is refused', async (t) => {
  const api = await AdminApi.start(t, { config: { listen: { admin_hosts: ['admin.example.com'] } } })
  const port = api.address.split(':')[1]
  for (const host of ['127.0.0.1', `localhost:${port}`, '[::1]:4041', 'admin.example.com', 'LOCALHOST', '192.0.2.1']) {
    t.match(await api.call('/api/v1/health', { headers: { host } }), { status: 200 }, host)
  }
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80', 'x admin.example.com']) {
    t.match(await api.call('/api/v1/health', { headers: { host } }), problem(421, 'UR_ADMIN_HOST'), host)
    t.match(await api.call('/openapi.json', { headers: { host } }), { status: 421 }, host)
    t.match(await api.call('/nothing', { headers: { host } }), { status: 421 }, host)
  }
  const own = `http://${api.address}`
  t.match(await api.call('/api/v1/health', { headers: { host: api.address, origin: own } }), { status: 200 })
  for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', `${own}.evil.example`]) {
    const headers = { host: api.address, origin }
    t.match(await api.call('/api/v1/health', { headers }), problem(403, 'UR_ADMIN_ORIGIN'), origin)
  }
  t.match(await api.call('/api/v1/health', { headers: { 'sec-fetch-site': 'cross-site' } }), { status: 403 })
  const method = 'POST'
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonp']) {
    const call = { method, raw: '{"name":"x"}', headers: { 'content-type': type } }
    t.match(await api.call('/api/v1/tokens', call), problem(415, 'UR_ADMIN_CONTENT_TYPE'), type)
  }
  t.match(await api.call('/api/v1/accounts/default/disable', { method }), { status: 415 }, 'without a body too')
  const preflight = { origin: 'http://evil.example', 'access-control-request-method': 'POST' }
  const { status, headers } = await api.call('/api/v1/tokens', { method: 'OPTIONS', token: null, headers: preflight })
  t.equal(status, 403)
  t.equal(headers['access-control-allow-origin'], undefined)
  t.match((await api.get<{ items: { name: string }[] }>('tokens')).items, [], 'nothing was made')
})

t.test('accounts, tokens and reservations; each wrong field, each conflict by its name', async (t) => {
  const api = await AdminApi.start(t)
  const post = (at: string, body: unknown) => api.call(`/api/v1/${at}`, { method: 'POST', body })
  t.match(await post('accounts', { name: 'alice' }), { status: 201, body: { id: /^acc_/, name: 'alice' } })
  t.match(await post('accounts', { name: 'alice' }), problem(409, 'UR_ACCOUNT_NAME_TAKEN'))
  t.match(await post('accounts', { name: '-' }), {
    ...problem(422, 'UR_ACCOUNT_NAME_INVALID'),
    body: { errors: [{ field: 'name' }] },
  })
  t.match(await post('tokens', { name: 'laptop', account: 'alice' }), { status: 201, body: { token: /^unr_/ } })
  t.match(await post('tokens', { name: 'laptop' }), problem(409, 'UR_TOKEN_NAME_TAKEN'))
  t.match(await post('tokens', { name: 'x', account: 'nobody' }), problem(404, 'UR_ACCOUNT_NOT_FOUND'))
  const wrong: [unknown, string][] = [
    [{}, 'name'],
    [{ name: 1 }, 'name'],
    [{ name: 'x', nmae: 'y' }, 'nmae'],
    [{ name: 'x', expires_at: 'soon' }, 'expires_at'],
    [{ name: 'x', expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
    [[], ''],
    ['x', ''],
    [null, 'name'],
  ]
  for (const [body, field] of wrong) {
    const answer = await post('tokens', body)
    t.match(answer, { ...problem(422, 'UR_ADMIN_FIELD'), body: { errors: [{ field, message: /\w/ }] } }, String(field))
  }
  t.match((await post('tokens', {})).body, { errors: [{ field: 'name', message: 'it is missing' }] })
  t.match(await api.call('/api/v1/tokens?limit=501'), {
    ...problem(422, 'UR_ADMIN_FIELD'),
    body: { errors: [{ field: 'limit' }] },
  })
  t.match(await api.call('/api/v1/tokens?limit=1&limit=2'), problem(422, 'UR_ADMIN_FIELD'))
  t.match(await api.call('/api/v1/tokens?cursor=nonsense'), problem(422, 'UR_ADMIN_CURSOR'))
  const json = (raw: string) => api.call('/api/v1/tokens', { method: 'POST', raw })
  t.match(await json('{'), problem(400, 'UR_ADMIN_REQUEST'))
  t.match(await json('{"__proto__":{"name":"x"}}'), problem(400, 'UR_ADMIN_REQUEST'))
  t.match(await json(`{"name":"${'x'.repeat(70_000)}"}`), problem(413, 'UR_ADMIN_REQUEST'))
  t.match(await api.call('/api/v1/tokens/%zz'), problem(400, 'UR_ADMIN_REQUEST'))
  t.match(await api.call('/api/v1/tokens/%00'), problem(404, 'UR_ADMIN_NOT_FOUND'))
  t.match(await api.call('/api/v1/tokens/nobody'), problem(404, 'UR_TOKEN_NOT_FOUND'))
  t.match(await api.call('/api/v1/nothing'), problem(404, 'UR_ADMIN_NOT_FOUND'))
  for (const kind of [
    'accounts',
    'tokens',
    'reservations',
    'sessions',
    'tunnels',
    'agent-certificates',
    'admin-tokens',
  ]) {
    const method = ['agent-certificates', 'admin-tokens'].includes(kind) ? 'DELETE' : 'GET'
    const unknown = await api.call(`/api/v1/${kind}/no-such-id`, { method })
    t.match(unknown, { status: 404, body: { code: /^UR_\w+_NOT_FOUND$/, status: 404, retryable: false } }, kind)
  }
  t.match(await api.call('/api/v1/tokens', { method: 'DELETE' }), {
    ...problem(405, 'UR_ADMIN_METHOD'),
    headers: { allow: 'GET, POST' },
  })

  t.match(await api.call('/api/v1/events', { method: 'HEAD' }), { status: 405, headers: { allow: 'GET' } })
  t.match(await api.call('/api/v1/health', { method: 'HEAD' }), { status: 200, text: '' })

  const shop = { kind: 'subdomain', value: 'shop' }
  const reserved = await post('reservations', { ...shop, account: 'alice' })
  t.match(reserved, { status: 201, body: { id: /^res_/, kind: 'subdomain', value: 'shop' } })
  const { id } = reserved.body as { id: string }
  const byOther = await post('reservations', shop)
  t.match(byOther, problem(409, 'UR_RESERVED'))
  t.notMatch(byOther.text, id, 'another account is not told who has it')
  t.match((await post('reservations', { ...shop, account: 'alice' })).text, id, 'its own is')
  t.match(await post('reservations', { ...shop, value: 'sh0p' }), problem(409, 'UR_RESERVED'), 'it looks like it')
  const odd = await post('reservations', { ...shop, value: 'a.b' })
  t.match(odd, { status: 422, body: { code: 'UR_RESERVATION_INVALID', errors: [{ field: 'value' }] } })
  const domain = await post('reservations', { kind: 'domain', value: 'DB.example.org' })
  t.match(domain, {
    status: 201,
    body: {
      value: 'db.example.org',
      proof: /^uniroute-proof=/,
      verified_at: null,
      state: 'unproved',
      records: [
        { name: '_uniroute.db.example.org', type: 'TXT', value: /^uniroute-proof=/ },
        { name: 'db.example.org', type: 'CNAME' },
      ],
    },
  })
  t.match(await api.get('reservations/db.example.org'), { id: /^res_/, state: 'unproved', warning: null })
  const low = await post('reservations', { kind: 'port', value: '1' })
  t.match(low, { status: 201, body: { state: 'reserved', warning: /port 1 is not in listen.tcp_ports/ } })
  t.match(await api.call('/api/v1/reservations/1', { method: 'DELETE' }), { status: 204 })
  t.match(await api.get('reservations/shop'), { id })
  t.match(await api.call(`/api/v1/reservations/${id}`, { method: 'DELETE' }), { status: 204, text: '' })
  t.match(await api.call(`/api/v1/reservations/${id}`), problem(404, 'UR_RESERVATION_NOT_FOUND'))

  t.match(await api.call('/api/v1/tokens/laptop', { method: 'DELETE' }), { status: 200, body: { revoked_at: String } })
  t.match(await post('accounts/alice/disable', {}), { status: 200, body: { disabled_at: String } })
  await post('accounts/alice/disable', {})
  const { items } = await api.get<{ items: { action: string; actor: string; address: string | null }[] }>('audit')
  t.strictSame(
    items.map(({ action }) => action).reverse(),
    [
      'admin-token.create',
      'admin-token.create',
      'account.create',
      'token.create',
      'reservation.create',
      'reservation.create',
      'reservation.create',
      'reservation.release',
      'reservation.release',
      'token.revoke',
      'account.disable',
    ],
    'each change once',
  )
  t.match(items[0], { actor: /^adm_/, address: '127.0.0.1' })
  t.match(items.at(-1), { actor: 'cli', address: null })
})

t.test('pages lead from one to the next', async (t) => {
  const api = await AdminApi.start(t)
  for (let i = 0; i < 5; i++) await api.call('/api/v1/tokens', { method: 'POST', body: { name: `t${i}` } })
  for (const list of ['tokens', 'audit']) {
    const { items: all } = await api.get<{ items: { id: string }[] }>(list)
    t.ok(all.length >= 5)
    const seen: { id: string }[] = []
    let cursor = ''
    do {
      const page: { items: { id: string }[]; next: string | null } = await api.get(`${list}?limit=2${cursor}`)
      t.ok(page.items.length <= 2)
      seen.push(...page.items)
      cursor = page.next === null ? '' : `&cursor=${page.next}`
    } while (cursor !== '')
    t.strictSame(seen, all, list)
  }
})

t.test('sessions, tunnels, streams and rates as they are; a session is ended', async (t) => {
  const [api, upstream] = await Promise.all([AdminApi.start(t), startEcho(t)])
  const agent = await Agent.start(t, api.server, ['tcp', String(upstream.port), '--name', 'db'])
  type Items<T> = { items: T[] }
  const { items: sessions } = await api.get<Items<{ id: string }>>('sessions')
  t.match(sessions, [
    {
      id: /^[0-9a-f]{32}$/,
      token_name: 'agent-0',
      account_id: 'acc_default',
      remote: '127.0.0.1',
      state: 'online',
      tunnels: 1,
      streams: 0,
    },
  ])
  const id = sessions[0]?.id ?? ''
  const visitor = await visit(agent.port())
  t.teardown(() => visitor.destroy())
  await echoOn(visitor, Buffer.alloc(100_000, 'x'))
  const [tunnel] = (await api.get<Items<{ id: string }>>('tunnels')).items
  t.match(tunnel, {
    name: 'db',
    kind: 'tcp',
    session_id: id,
    public_url: agent.tunnels[0]?.public_url,
    streams: 1,
    connections: 1,
    bytes_in: 100_000,
    bytes_out: 100_000,
  })
  t.match(await api.get(`tunnels/${tunnel?.id}`), { name: 'db' })
  t.match(await api.get('streams'), {
    items: [{ session_id: id, tunnel_id: tunnel?.id, visitor: /^127\.0\.0\.1:\d+$/ }],
  })
  await eventually('a rate', async () => {
    const rates = await api.get<{ rate_in: number; streams: number }>('health')
    if (rates.rate_in === 0) throw new Error('none')
  })
  t.match((await api.get<Items<unknown>>(`tunnels?session=${id}`)).items.length, 1)
  t.match((await api.get<Items<unknown>>('tunnels?session=abc')).items, [])

  t.match(await api.call('/api/v1/sessions/abc', { method: 'DELETE' }), problem(404, 'UR_ADMIN_NOT_FOUND'))
  t.match(await api.call(`/api/v1/sessions/${id}`, { method: 'DELETE' }), { status: 204 })
  t.match(await agent.exit, { code: 3 })
  t.match(await api.call(`/api/v1/sessions/${id}`), { status: 404 })
  t.match(await api.get('tunnel-history'), { items: [{ name: 'db', unbound_at: String, why: 'UR_SESSION_ENDED' }] })
  t.match(await api.get('audit?limit=1'), { items: [{ action: 'session.end', details: { session: id } }] })
})

t.test('other machines are served with TLS only; the socket is for the owner alone', async (t) => {
  const api = await AdminApi.start(t, { config: { listen: { admin: '0.0.0.0:0' } } })
  const port = api.address.split(':')[1]
  await t.rejects(request({ host: '127.0.0.1', port, path: '/api/v1/health' }), /socket hang up|ECONNRESET/)
  const ca = await readFile(api.server.authority.ca)
  const https = await import('node:https')
  const status = await new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${api.read}` }
    https
      .get({ host: '127.0.0.1', port, path: '/api/v1/health', ca, headers, agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      .once('error', reject)
  })
  t.equal(status, 200)
  t.equal((await stat(api.socket)).mode & 0o777, 0o600)
  t.match(await request({ socketPath: api.socket, path: '/api/v1/health' }), {
    status: 200,
    body: { database: path.join(api.server.folder, 'data', 'uniroute.db') },
  })
  t.ok(await adminToken(api.server, 'third', 'read'))
})
