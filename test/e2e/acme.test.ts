import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { AcmeProduct, DOMAIN } from '../support/acme-product.js'
import { eventually } from '../support/hang.js'
import { upstream } from '../support/http-upstream.js'
import { Postgres } from '../support/postgres.js'
import { Server } from '../support/product.js'
import { freePort } from '../support/places.js'
import { run } from '../support/processes.js'

const SHOP = `shop.${DOMAIN}`
const ISSUED = /"message":"certificate issued"/

async function shop(t: Test): Promise<number> {
  const { port } = await upstream(t, (_request, response) => response.end('hello'))
  return port
}

/** Orders that the authority got. */
function orders({ pebble }: AcmeProduct): number {
  return pebble.log.match(/Added order/g)?.length ?? 0
}

function issued(server: Server, name: string): Promise<string> {
  return server.process.line((line) => ISSUED.test(line) && line.includes(`"name":"${name}"`), { where: 'err' })
}

// Each waits most of its time for the authority: they wait together.
t.jobs = 3

for (const challenge of ['tls-alpn-01', 'http-01']) {
  t.test(`by ${challenge}: the server's own name, and each name that gets a tunnel`, async (t) => {
    const product = await AcmeProduct.start(t, { acme: { challenge } })
    const { server } = product
    await issued(server, DOMAIN)
    const agent = await product.agent(t, await shop(t), ['--subdomain', 'shop'])
    const visitors = await product.visitors()
    t.equal((await visitors.call(SHOP, '/')).body, 'hello', 'a visitor who comes at once waits for the certificate')
    t.equal(orders(product), 2)
    t.equal(await server.metric('uniroute_certificate_orders_total', { result: 'issued' }), 2)
    const ends = await server.metric('uniroute_certificate_expiry_timestamp_seconds', { name: SHOP })
    t.ok(ends > Date.now() / 1000)
    await t.rejects(visitors.call(`nobody.${DOMAIN}`, '/'), { message: /unrecognized name/ })

    const list = await server.uniroutd('certs', 'list')
    t.match(list.out, new RegExp(`${SHOP} +2\\d{3}-.*${product.pebble.directory}`))
    const rotated = await server.uniroutd('certs', 'rotate-key')
    t.match(rotated, { code: 0, out: /vault\.key.*3 private keys/ }, 'of two certificates and an account')

    await server.restart('SIGTERM')
    await agent.process.line(/session opened/, { where: 'err', from: agent.process.err.length })
    t.equal((await eventually('the tunnel', () => visitors.call(SHOP, '/'))).body, 'hello')
    t.equal(orders(product), 2, 'they are in the database: nothing was ordered again, nor for a name that nobody has')
    const database = await readFile(path.join(server.folder, 'data', 'uniroute.db'), 'latin1')
    t.notMatch(database, /PRIVATE KEY/)
  })
}

t.test('curl and openssl accept the chain, by TLS 1.2 and 1.3 alone', async (t) => {
  const product = await AcmeProduct.start(t)
  const { server, rootFile } = product
  await issued(server, DOMAIN)
  await product.agent(t, await shop(t), ['--subdomain', 'shop'])
  await issued(server, SHOP)
  const url = `https://${SHOP}:${server.port}/`
  const resolve = ['--resolve', `${SHOP}:${server.port}:127.0.0.1`]
  const curl = await run('curl', ['-sS', '--cacert', rootFile, ...resolve, url])
  t.equal(curl.out, 'hello')
  const client = (...flags: string[]) => {
    const at = ['-connect', `127.0.0.1:${server.port}`, '-servername', SHOP]
    return run('openssl', ['s_client', ...at, '-CAfile', rootFile, '-verify_return_error', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }
  for (const version of ['-tls1_2', '-tls1_3']) {
    const { code, out } = await client(version)
    t.equal(code, 0, version)
    t.match(out, /Verify return code: 0 \(ok\)/)
    t.match(out, /256 bit EC|id-ecPublicKey|prime256v1/)
  }
  for (const version of ['-tls1', '-tls1_1']) {
    const { code } = await client(version, '-cipher', 'ALL:@SECLEVEL=0')
    t.not(code, 0, version)
  }
  const weak = await client('-tls1_2', '-cipher', 'AES128-SHA:AES256-SHA:ECDHE-RSA-AES128-SHA:DES-CBC3-SHA:@SECLEVEL=0')
  t.not(weak.code, 0, 'without forward secrecy, or with CBC')
})

t.test('by DNS one certificate serves all names, also from the moment on in which there is a provider', async (t) => {
  const product = await AcmeProduct.start(t)
  const { server, pebble } = product
  await issued(server, DOMAIN)
  const agent = await product.agent(t, await shop(t), ['--subdomain', 'shop'])
  await issued(server, SHOP)
  const hook = path.join(server.folder, 'hook.sh')
  const set = `set-txt -d "{\\"host\\":\\"$2\\",\\"value\\":\\"$3\\"}"`
  const clear = `clear-txt -d "{\\"host\\":\\"$2\\"}"`
  const post = `curl -sSf -X POST ${pebble.recordsUrl}`
  await writeFile(hook, `#!/bin/sh\nif [ "$1" = present ]; then ${post}/${set}; else ${post}/${clear}; fi\n`)
  await chmod(hook, 0o755)
  const dns = { provider: 'exec', exec: { hook }, propagation_timeout: '0s' }
  await product.configure(server, product.httpPort, { acme: { dns } })
  await server.restart('SIGTERM')
  await issued(server, DOMAIN)
  await agent.process.stop()
  const other = `other.${DOMAIN}`
  await product.agent(t, await shop(t), ['--subdomain', 'other'])
  const visitors = await product.visitors()
  t.equal((await visitors.call(other, '/')).body, 'hello')
  t.equal(orders(product), 3, 'of the two before, and of the wildcard')
})

t.test('a custom domain is ordered once it is reserved, proved, and has a tunnel', async (t) => {
  const product = await AcmeProduct.start(t)
  const { server, pebble } = product
  await issued(server, DOMAIN)
  const host = 'www.shop.test'
  const reserved = await server.uniroutd('reserve', 'domain', 'shop.test', '--json')
  const { records } = JSON.parse(reserved.out) as { records: { type: string; value: string }[] }
  const proof = records.find(({ type }) => type === 'TXT')?.value ?? ''
  const visitors = await product.visitors()
  await t.rejects(visitors.call(host, '/'))
  await pebble.addTxt('_uniroute.shop.test', proof)
  t.match(await server.uniroutd('reserve', 'check', 'shop.test'), { code: 0 })
  await eventually('the server to hear of it', async () => {
    const proved = await server.metric('uniroute_reserved_domains', { state: 'proved' })
    if (proved !== 1) throw new Error(`${proved} domains are proved`)
  })
  await t.rejects(visitors.call(host, '/'), 'without a tunnel there is nothing to serve')
  t.equal(orders(product), 1)
  await product.agent(t, await shop(t), ['--domain', host])
  t.equal((await eventually('the tunnel', () => visitors.call(host, '/'))).body, 'hello')
  t.equal(orders(product), 2)
})

t.test('two servers on one PostgreSQL order once, and show the proofs of each other', async (t) => {
  const postgres = await Postgres.start(t)
  const config = { store: await postgres.freshDatabase() }
  const key = { UNIROUTE_VAULT_KEY: Buffer.alloc(32, 7).toString('base64url') }
  const product = await AcmeProduct.prepare(t, { config, server: { env: key } })
  const second = await Server.start(t, { start: false, env: key })
  await product.configure(second, await freePort(), { config })
  await Promise.all([product.server.launch(), second.launch()])
  const both = [product.server, second]
  await Promise.race(both.map((server) => issued(server, DOMAIN)))
  const visitors = await Promise.all(both.map(({ port }) => product.visitors(port)))
  // The authority comes to the first server alone.
  await product.agent(t, await shop(t), ['--subdomain', 'shop'], second)
  t.equal((await eventually('the tunnel', () => visitors[1]!.call(SHOP, '/'))).body, 'hello')
  t.equal(orders(product), 2)
  const results = await Promise.all(
    both.map((server) => server.metric('uniroute_certificate_orders_total', { result: 'issued' })),
  )
  t.equal(results[0]! + results[1]!, 2)
})

t.test('an authority that is away keeps nothing from starting; it is tried again', async (t) => {
  const product = await AcmeProduct.prepare(t)
  const { server, pebble } = product
  await pebble.stop()
  await server.launch()
  const line = await server.process.line(/"message":"a certificate was not issued"/, { where: 'err' })
  t.match(JSON.parse(line), { name: DOMAIN, code: /^UR_ACME_/, failures: 1 })
  t.equal(await server.metric('uniroute_certificates_failing'), 1)
  t.equal((await server.page('/readyz')).status, 200)
})
