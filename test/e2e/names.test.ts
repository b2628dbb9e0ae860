import path from 'node:path'
import t from 'tap'
import { openStore } from '../../src/store/index.js'
import { eventually } from '../support/hang.js'
import { HttpProduct, hostOf } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'
import { Knot } from '../support/knot.js'
import { Agent, runAgent, Server } from '../support/product.js'

/** A token of an account, which is made with it. */
async function tokenOf(server: Server, account: string): Promise<string> {
  const store = await openStore({ file: path.join(server.folder, 'data', 'uniroute.db') })
  try {
    const { id: accountId } = await store.accounts.create(account)
    const { token } = await store.tokens.create(`${account}s`, { accountId })
    server.tokens.push(token)
    return token
  } finally {
    await store.close()
  }
}

async function json(server: Server, ...args: string[]): Promise<Record<string, unknown>> {
  const { out } = await server.uniroutd('reserve', ...args, '--json')
  return JSON.parse(out) as Record<string, unknown>
}

// Each waits most of its time for the server, which looks only now and then: they wait together.
t.jobs = 2

t.test('a name that is reserved for another account goes to it within two seconds, a port as well', async (t) => {
  const [product, web] = await Promise.all([
    HttpProduct.start(t),
    upstream(t, (_request, response) => response.end('hello')),
  ])
  const { server } = product
  const alice = await tokenOf(server, 'alice')
  const squatter = await product.agent(t, web.port, 'shop')
  const port = String(server.ports.first)
  const other = await Agent.start(t, server, ['tcp', String(web.port), '--remote-port', port])
  t.match(await product.call(hostOf('shop'), '/'), { status: 200 })

  for (const [kind, value, agent] of [
    ['subdomain', 'shop', squatter],
    ['port', port, other],
  ] as const) {
    t.match(await server.uniroutd('reserve', kind, value, '--account', 'alice'), { code: 0 })
    const startedAt = performance.now()
    const notice = await agent.process.event('notice')
    const ms = Math.round(performance.now() - startedAt)
    t.match(notice, { level: 'error', code: 'UR_ADDRESS_LOST', text: /not free/ })
    t.ok(ms < 2000, `${kind}: ${ms} ms`)
    t.match(await agent.process.event('error'), { code: 'UR_ADDRESS_LOST', fatal: false })
    t.notMatch(agent.process.printed, /alice/)
  }

  await product.agent(t, web.port, 'shop', [], { token: alice })
  t.match(await product.call(hostOf('shop'), '/'), { status: 200, body: 'hello' })
  await Agent.start(t, server, ['tcp', String(web.port), '--remote-port', port], { token: alice })
  const refused = await runAgent(t, server, ['http', '9', '--subdomain', 'sh0p'])
  t.match(refused, { code: 3, err: /is not free, or looks too much like one that is not.*UR_NAME_TAKEN/ })
})

t.test('a domain of its own: reserved, proved, missed, lapsed, and back', async (t) => {
  const knot = await Knot.start(t, { 'example.org': '', test: 'tunnels A 127.0.0.1' })
  const dns = { resolvers: [`127.0.0.1:${knot.port}`], check_interval: '1s', grace: '1s' }
  const product = await HttpProduct.start(t, { config: { names: { custom_domains: 'reserved' }, dns } })
  const { server } = product
  const token = await tokenOf(server, 'alice')
  const args = ['tls', '9', '--domain', 'db.example.org']
  t.match(await runAgent(t, server, args, { token }), { code: 3, err: /UR_DOMAIN_UNRESERVED/ })

  const made = await server.uniroutd('reserve', 'domain', 'db.example.org', '--account', 'alice')
  t.match(made, {
    code: 0,
    out: /_uniroute\.db\.example\.org\. +TXT +"uniroute-proof=[\w-]{24}"\n +db\.example\.org\. +CNAME +tunnels\.test\.\n/,
  })
  const [, txt = ''] = /"(uniroute-proof=.*)"/.exec(made.out) ?? []
  t.match(await server.uniroutd('reserve', 'check', 'db.example.org'), { code: 3, err: /UR_DOMAIN_UNPROVED/ })
  await eventually('the server to know the reservation', async () => {
    const unproved = await runAgent(t, server, args, { token })
    if (unproved.code !== 3 || !/UR_DOMAIN_UNPROVED/.test(unproved.err)) throw new Error(unproved.err)
  })

  const records = 'db CNAME tunnels.test.'
  const proved = `${records}\n_uniroute.db TXT "${txt}"`
  await knot.change('example.org', proved)
  t.match(await json(server, 'check', 'db.example.org'), {
    reservation: { state: 'proved' },
    proof: { state: 'found' },
    pointing: { state: 'here' },
  })
  // The server reads within a second what the command wrote.
  const agent = await eventually('the server to know the proof', () => Agent.start(t, server, args, { token }))
  t.match(agent.tunnels, [{ public_url: `tls://db.example.org:${server.port}` }])

  await knot.change('example.org', records)
  const lost = await agent.process.event('notice')
  t.match(lost, { code: 'UR_ADDRESS_LOST', text: /the proof that it is yours has not been found/ })
  t.match(await server.uniroutd('reserve', 'list'), { out: /db\.example\.org +alice +lapsed: proof missing since 2/ })
  const logged = server.process.err.filter((line) => line.includes('"domain":"db.example.org"'))
  t.match(logged.join('\n'), /go on for the grace time[^]*longer than the grace time/)

  await eventually('the audit log', async () => {
    const { out } = await server.uniroutd('audit', '--json')
    t.match(out, /"actor":"cli","action":"reservation\.create"/)
    if (!/"actor":"server","action":"reservation\.lapsed"/.test(out)) throw new Error(out)
  })
  await eventually('the metrics', async () => {
    const page = await (await fetch(`http://${server.metricsAddress}/metrics`)).text()
    if (!/^uniroute_reservations\{kind="domain"\} 1$/m.test(page)) throw new Error('no domain')
    if (!/^uniroute_reserved_domains\{state="lapsed"\} 1$/m.test(page)) throw new Error('it is not lapsed')
  })

  await knot.change('example.org', proved)
  await agent.process.event('tunnel', { when: (event) => event['public_url'] !== null })
  t.match(await json(server, 'list'), { state: 'proved', failing_since: null })
})

t.test('what `reserve check` finds is in the audit log', async (t) => {
  const knot = await Knot.start(t, { 'example.org': '', test: 'tunnels A 127.0.0.1' })
  const dns = { resolvers: [`127.0.0.1:${knot.port}`], grace: '0s' }
  const server = await Server.start(t, { start: false, config: { domain: 'tunnels.test', dns } })
  await server.createToken('makes-the-database')
  const { records } = await json(server, 'domain', 'db.example.org')
  const txt = (records as { type: string; value: string }[]).find(({ type }) => type === 'TXT')?.value ?? ''
  const changes = async (): Promise<object[]> => {
    const { out } = await server.uniroutd('audit', '--json')
    const entries = out.split('\n').map((line) => JSON.parse(line) as { action: string })
    return entries.filter(({ action }) => /^reservation\.(proved|lapsed)$/.test(action)).reverse()
  }
  await server.uniroutd('reserve', 'check', 'db.example.org')
  t.same(await changes(), [], 'nothing was found, and nothing changed')

  await knot.change('example.org', `_uniroute.db TXT "${txt}"`)
  for (let i = 0; i < 2; i++) t.match(await server.uniroutd('reserve', 'check', 'db.example.org'), { code: 0 })
  const proved = { actor: 'cli', action: 'reservation.proved', details: { domain: 'db.example.org' } }
  t.match(await changes(), [proved])
  await knot.change('example.org', '')
  for (let i = 0; i < 2; i++) await server.uniroutd('reserve', 'check', 'db.example.org')
  const all = await changes()
  t.match(all, [proved, { actor: 'cli', action: 'reservation.lapsed' }])
  t.equal(all.length, 2)
})

t.test('of two commands at once that reserve names which look alike, one is refused', async (t) => {
  const { server } = await HttpProduct.start(t)
  await tokenOf(server, 'alice')
  await tokenOf(server, 'bob')
  const pairs = await Promise.all(
    ['a', 'b', 'c'].map((pair) =>
      Promise.all([
        server.uniroutd('reserve', 'subdomain', `${pair}-paypal`, '--account', 'alice'),
        server.uniroutd('reserve', 'subdomain', `${pair}-paypa1`, '--account', 'bob'),
      ]),
    ),
  )
  for (const pair of pairs) t.same(pair.map(({ code }) => code).sort(), [0, 3], JSON.stringify(pair))
})

t.test('a tunnel without a name has the same one after a restart of agent and server', async (t) => {
  const product = await HttpProduct.start(t)
  const { server } = product
  const token = await server.createToken('laptop')
  const urlOf = (agent: Agent): string | undefined => agent.tunnels[0]?.public_url
  const first = await Agent.start(t, server, ['http', '9'], { token })
  const url = urlOf(first)
  t.match(url, /^https:\/\/[a-z]+-[a-z]+-[0-9a-f]{4}\.tunnels\.test:\d+$/)
  await first.process.stop()
  const second = await Agent.start(t, server, ['http', '9'], { token })
  t.equal(urlOf(second), url)
  const elsewhere = await Agent.start(t, server, ['http', '9'], { token })
  t.not(urlOf(elsewhere), url, 'an agent beside it does not take it away')
  await second.process.stop()
  await elsewhere.process.stop()
  await server.restart()
  t.equal(urlOf(await Agent.start(t, server, ['http', '9'], { token })), url)
})
