import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { Agent as HttpsAgent } from 'node:https'
import path from 'node:path'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { Authority, type Pair } from '../support/certificates.js'
import { Curl, VERSIONS } from '../support/curl.js'
import { within } from '../support/hang.js'
import { HttpProduct, hostOf } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'
import { call2 } from '../support/http-visitors.js'
import { freePort, program, temporaryFolder } from '../support/places.js'
import { Process, run } from '../support/processes.js'
import { Agent, BIN, runAgent } from '../support/product.js'

/** A server, its authorities for visitors, and an upstream that answers with what it got. */
async function start(t: Test, config = {}) {
  const product = await HttpProduct.start(t, { config })
  const [office, other] = await Promise.all([Authority.create(t, 'office'), Authority.create(t, 'other')])
  const echo = await upstream(t, (request, response) => {
    request.resume()
    response.end(JSON.stringify({ path: request.url, ...request.headers }))
  })
  const [ann, zoe] = await Promise.all([office.issueClient('ann'), other.issueClient('zoe')])
  return { product, office, other, echo, ann, zoe }
}

const der = async ({ cert }: Pair) => new X509Certificate(await readFile(cert)).raw.toString('base64')
const keys = async ({ cert, key }: Pair) => ({ cert: await readFile(cert), key: await readFile(key) })

// Each waits for processes, one after the other: they wait together.
t.jobs = 2

t.test('who gets in, by curl as it is, on each request of a connection', async (t) => {
  const { product, office, ann, zoe, echo } = await start(t)
  const team = await office.intermediate(t, 'team')
  const [late, web, plain, bob] = await Promise.all([
    office.issueExpiredClient('late'),
    office.issueClient('web', 'serverAuth'),
    office.issueClient('plain', null),
    team.issueClient('bob'),
  ])
  const chain = path.join(office.folder, 'chain.pem')
  await writeFile(chain, (await Promise.all([bob.cert, team.ca].map((file) => readFile(file, 'utf8')))).join(''))
  await product.agent(t, echo.port, 'shop', ['--mutual-tls-ca', office.ca])
  await product.agent(t, echo.port, 'open')
  await product.agent(t, echo.port, 'team', ['--mutual-tls-ca', team.ca])
  const shown = ({ cert, key }: Pair) => ['--cert', cert, '--key', key]
  const forged = [
    '-H',
    'Client-Cert: :Zm9yZ2Vk:',
    '-H',
    'Client_Cert: :Zm9yZ2Vk:',
    '-H',
    'Client-Cert-Chain: :Zm9yZ2Vk:',
  ]

  for (const version of VERSIONS) {
    const curl = await Curl.at(product, version)
    for (const tls of [['--tls-max', '1.2'], ['--tlsv1.3']]) {
      const name = `HTTP/${version} ${tls.join(' ')}`
      const good: [string, string[], Pair][] = [
        ['shop', shown(ann), ann],
        ['shop', shown(plain), plain],
        ['shop', shown({ ...bob, cert: chain }), bob],
        ['team', shown(bob), bob],
      ]
      for (const [host, args, pair] of good) {
        const to = [...tls, ...args, ...forged]
        const { out, err } = await curl.run(...to, product.url(host, '/1'), '-w', '\n', product.url(host, '/2'))
        const [first, second] = out.split('\n').map((line) => JSON.parse(line) as Record<string, string>)
        t.equal(first?.['client-cert'], `:${await der(pair)}:`, `${name}: the upstream learns who came ${err}`)
        t.equal(second?.['client-cert'], first?.['client-cert'])
        for (const each of ['client_cert', 'client-cert-chain']) t.notOk(each in (first ?? {}), each)
      }
      const bad: [string, string[], string][] = [
        ['shop', [], 'UR_VISITOR_CERT_MISSING'],
        ['shop', shown(zoe), 'UR_VISITOR_CERT_UNTRUSTED'],
        ['shop', shown(bob), 'UR_VISITOR_CERT_UNTRUSTED'],
        ['team', shown(ann), 'UR_VISITOR_CERT_UNTRUSTED'],
        ['shop', shown(late), 'UR_VISITOR_CERT_EXPIRED'],
        ['shop', shown(web), 'UR_VISITOR_CERT_PURPOSE'],
      ]
      for (const [host, args, code] of bad) {
        const { out } = await curl.run(...tls, ...args, ...forged, '-i', product.url(host))
        t.match(out, new RegExp(`^HTTP/\\S+ 403 [^]*x-uniroute-error: ${code}`, 'i'), `${name}: ${code}`)
      }
      const { out } = await curl.run(...tls, ...shown(ann), ...forged, product.url('open'))
      t.notMatch(out, /client.cert/i, `${name}: a tunnel that asks for none tells of none`)
    }
  }
  t.equal(await product.server.metric('uniroute_http_failures_total', { reason: 'UR_VISITOR_CERT_MISSING' }), 4)
})

t.test('the handshake asks for certificates of these authorities, and for none elsewhere', async (t) => {
  const { product, office, echo } = await start(t)
  await product.agent(t, echo.port, 'shop', ['--mutual-tls-ca', office.ca])
  await product.agent(t, echo.port, 'open')
  const openssl = await program('openssl', 'openssl')
  const ask = async (name: string) =>
    (await run(openssl, ['s_client', '-connect', `127.0.0.1:${product.port}`, '-servername', hostOf(name)])).out
  t.match(await ask('shop'), /Acceptable client certificate CA names\nCN = office\n/)
  t.match(await ask('open'), /No client certificate CA names sent/)
})

t.test('sessions that were made elsewhere, or before the rule, or without a certificate, open nothing', async (t) => {
  const { product, office, other, echo, ann, zoe } = await start(t)
  await product.agent(t, echo.port, 'open')
  await product.agent(t, echo.port, 'other', ['--mutual-tls-ca', other.ca])
  let shop = await product.agent(t, echo.port, 'shop')
  const openssl = await program('openssl', 'openssl')
  const folder = await temporaryFolder(t)
  /** A request by openssl: whether its session was resumed, and the status. */
  const get = async (version: string, name: string, pair: Pair | null, ...args: string[]) => {
    const to = ['s_client', '-connect', `127.0.0.1:${product.port}`, '-servername', hostOf(name), version]
    const own = pair === null ? [] : ['-cert', pair.cert, '-key', pair.key]
    const all = [...to, ...own, '-CAfile', product.server.authority.ca, '-ign_eof', ...args]
    const client = new Process('s_client', openssl, all, { stdio: 'pipe' })
    t.teardown(() => client.end())
    client.child.stdin?.end(`GET / HTTP/1.1\r\nHost: ${hostOf(name)}\r\nConnection: close\r\n\r\n`)
    await client.exit
    // the answer may stand in the middle of what it tells of a session
    const out = client.out.join('\n')
    return { reused: /^Reused,/m.test(out), status: Number(/HTTP\/1\.1 (\d+)/.exec(out)?.[1]) }
  }
  const kept = (name: string) => path.join(folder, name)
  const guard = (...files: string[]) => files.flatMap((file) => ['--mutual-tls-ca', file])
  const again = async (flags: string[]) => {
    await shop.process.stop('SIGTERM')
    shop = await product.agent(t, echo.port, 'shop', flags)
  }

  for (const version of ['-tls1_2', '-tls1_3']) {
    await again([])
    t.same(await get(version, 'shop', ann, '-sess_out', kept('before')), { reused: false, status: 200 })
    t.same(await get(version, 'shop', null, '-sess_in', kept('before')), { reused: true, status: 200 }, 'it can be')
    t.match(await get(version, 'open', null, '-sess_out', kept('open')), { status: 200 })
    t.match(await get(version, 'other', zoe, '-sess_out', kept('zoe')), { status: 200 })
    await again(guard(office.ca))
    for (const session of ['before', 'open', 'zoe']) {
      const answer = await get(version, 'shop', null, '-sess_in', kept(session))
      t.same(answer, { reused: false, status: 403 }, `${version}: of ${session}`)
    }
    t.match(await get(version, 'shop', null, '-sess_out', kept('none')), { status: 403 })
    t.match(await get(version, 'shop', zoe, '-sess_out', kept('bad')), { status: 403 })
    t.match(await get(version, 'shop', ann, '-sess_out', kept('good')), { status: 200 })
    const resumed = (session: string) => get(version, 'shop', null, '-sess_in', kept(session))
    t.same(await resumed('none'), { reused: true, status: 403 }, `${version}: of none`)
    t.same(await resumed('bad'), { reused: true, status: 403 }, `${version}: of a bad one`)
    t.same(await resumed('good'), { reused: true, status: 200 }, `${version}: of a good one`)
    await again(guard(other.ca))
    t.same(await resumed('good'), { reused: false, status: 403 }, `${version}: of one that was good before`)
    await again(guard(office.ca, other.ca))
    t.same(await resumed('good'), { reused: false, status: 403 }, `${version}: of one verified against fewer`)
  }
})

t.test('connections for other names, and from before the rule', async (t) => {
  const { product, office, other, echo, ann, zoe } = await start(t)
  let shop = await product.agent(t, echo.port, 'shop')
  await product.agent(t, echo.port, 'open')
  const [shopHost, openHost] = [hostOf('shop'), hostOf('open')]
  /** Connections that are kept, with a certificate or without. */
  const connections = async (pair: Pair | null) => {
    const own = pair === null ? {} : await keys(pair)
    const agent = new HttpsAgent({ keepAlive: true, maxSockets: 1, ...own })
    t.teardown(() => agent.destroy())
    const place = { host: '127.0.0.1', port: product.port, servername: shopHost, ca: product.ca, ALPNProtocols: ['h2'] }
    const session = product.http2(shopHost, { createConnection: () => connectTls({ ...place, ...own }) })
    return {
      session,
      one: () => product.call(shopHost, '/', {}, agent),
      two: () => call2(session, '/', { headers: { ':authority': shopHost } }),
    }
  }
  const code = ({ status, headers }: Awaited<ReturnType<typeof call2>>) => [status, headers['x-uniroute-error']]
  const again = async (...files: string[]) => {
    await shop.process.stop('SIGTERM')
    shop = await product.agent(
      t,
      echo.port,
      'shop',
      files.flatMap((file) => ['--mutual-tls-ca', file]),
    )
  }

  const before = await connections(ann)
  t.same([(await before.one()).status, (await before.two()).status], [200, 200])
  await again(office.ca)
  const closed = within('the session to end', new Promise((resolve) => before.session.once('close', resolve)))
  t.same(code(await before.two()), [421, 'UR_VISITOR_CERT_AGAIN'], 'it never showed a certificate')
  await closed
  const refused = await before.one()
  t.same(code(refused), [421, 'UR_VISITOR_CERT_AGAIN'])
  t.equal(refused.headers['connection'], 'close')
  t.equal((await before.one()).status, 200, 'the next request has a new connection, which shows one')

  const now = await connections(ann)
  t.equal((await now.two()).status, 200)
  const misdirected = [421, 'UR_HTTP_MISDIRECTED']
  t.same(code(await call2(now.session, '/', { headers: { ':authority': openHost } })), misdirected)
  t.equal((await now.two()).status, 200)
  const elsewhere = product.http2(openHost)
  t.same(code(await call2(elsewhere, '/', { headers: { ':authority': shopHost } })), misdirected)
  t.equal((await call2(elsewhere, '/', { headers: { ':authority': openHost } })).status, 200)
  t.same(code(await product.call(openHost, '/', { host: shopHost })), misdirected, 'and so by HTTP/1.1')

  await again(other.ca)
  t.same(code(await now.two()), [421, 'UR_VISITOR_CERT_AGAIN'], 'verified against the authorities of before')
  t.same(code(await (await connections(ann)).two()), [403, 'UR_VISITOR_CERT_UNTRUSTED'])
  t.equal((await (await connections(zoe)).two()).status, 200)
})

t.test('agents of one name', async (t) => {
  const { product, office, other, echo, ann } = await start(t)
  const pool = (name: string, ...flags: string[]) => [...flags, '--name', name, '--pool']
  const ca = (...files: string[]) => files.flatMap((file) => ['--mutual-tls-ca', file])
  await product.agent(t, echo.port, 'shop', pool('one', ...ca(office.ca, other.ca), '--path', '/shop'))
  await product.agent(t, echo.port, 'shop', pool('two', ...ca(other.ca, office.ca), '--path', '/shop'))
  const token = String(product.server.tokens[0])
  const join = (...flags: string[]) =>
    runAgent(t, product.server, ['http', String(echo.port), '--subdomain', 'shop', ...flags], { token })
  for (const [why, flags] of [
    ['fewer authorities', pool('three', ...ca(office.ca), '--path', '/shop')],
    ['none', pool('three', '--path', '/shop')],
    ['others at another path', pool('three', ...ca(office.ca), '--path', '/blog')],
  ] as const) {
    t.match(await join(...flags), { code: 3, err: /UR_MUTUAL_TLS_DIFFERS/ }, why)
  }
  await product.agent(t, echo.port, 'shop', ['--name', 'open', '--path', '/open'])
  t.equal((await product.call(hostOf('shop'), '/open')).status, 200, 'a path that asks for none is there without')
  t.equal((await product.call(hostOf('shop'), '/shop')).status, 403)
  const agent = new HttpsAgent(await keys(ann))
  const { status, body } = await product.call(hostOf('shop'), '/shop', {}, agent)
  t.match([status, body], [200, /"client-cert":":/])
  t.notMatch((await product.call(hostOf('shop'), '/open', {}, agent)).body, /client-cert/, 'nor is told of one')
})

t.test('plain HTTP has no certificates, whatever a trusted proxy says', async (t) => {
  const port = await freePort()
  const listen = { http: `127.0.0.1:${port}`, trusted_proxies: ['127.0.0.0/8'] }
  const { product, office, echo } = await start(t, { listen })
  await product.agent(t, echo.port, 'shop', ['--mutual-tls-ca', office.ca])
  const curl = await program('curl', 'curl')
  const get = (...args: string[]) =>
    run(curl, [
      '-sS',
      '--noproxy',
      '*',
      '-i',
      '--connect-to',
      `::127.0.0.1:${port}`,
      `http://${hostOf('shop')}/`,
      ...args,
    ])
  t.match((await get()).out, /^HTTP\/1\.1 308 [^]*Location: https:/)
  const lied = await get('-H', 'X-Forwarded-Proto: https', '-H', 'Client-Cert: :Zm9yZ2Vk:')
  t.match(lied.out, /^HTTP\/1\.1 403 [^]*UR_VISITOR_CERT_MISSING/)
})

t.test('what is wrong is said before anything is connected', async (t) => {
  const { product, office, echo, ann } = await start(t)
  const http = ['http', String(echo.port), '--subdomain', 'shop']
  const folder = await temporaryFolder(t)
  const wrong: [string[], RegExp][] = [
    [['--mutual-tls-ca', path.join(folder, 'missing.pem')], /missing\.pem[^]*UR_CLIENT_CA_UNREADABLE/],
    [['--mutual-tls-ca', ann.cert], /UR_CLIENT_CA_INVALID/],
    [['--mutual-tls-ca', office.ca, '--scheme', 'both'], /--scheme both/],
    [['--mutual-tls-ca', office.ca, '--scheme', 'http'], /--scheme http/],
    [['--mutual-tls-ca', office.ca, '--request-header-add', 'Client-Cert: x'], /request_header_remove/],
  ]
  for (const [flags, message] of wrong) {
    t.match(await runAgent(t, product.server, [...http, ...flags]), { code: 2, err: message }, flags.join(' '))
  }
  t.equal(await product.server.metric('uniroute_sessions_total'), 0)
  const onTls = await runAgent(t, product.server, ['tls', '8443', '--domain', 'a.test', '--mutual-tls-ca', office.ca])
  t.match(onTls, { code: 2, err: /unknown option/ })

  const file = path.join(office.folder, 'uniroute.yml')
  const tunnel = (keys: object) => ({
    tunnels: { shop: { kind: 'http', upstream: echo.port, subdomain: 'shop', ...keys } },
  })
  const check = async (keys: object) => {
    await writeFile(file, stringify(tunnel(keys)))
    return run(process.execPath, [BIN.uniroute, 'config', 'check', '--config', file])
  }
  t.match(await check({ mutual_tls_ca: 'nobody.pem' }), { code: 2, err: new RegExp(`${office.folder}/nobody\\.pem`) })
  t.match(await check({ mutual_tls_ca: 'ca.pem', scheme: 'both' }), { code: 2, err: /scheme both/ })
  t.match(await check({ mutual_tls_ca: ['ca.pem', './ca.pem'] }), { code: 0 })
  await Agent.start(t, product.server, ['start', 'shop', '--config', file])
  t.equal((await product.call(hostOf('shop'), '/')).status, 403)
})
