import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { X509Certificate } from 'node:crypto'
import t, { type Test } from 'tap'
import { eventually } from '../support/hang.js'
import { hostOf, HttpProduct } from '../support/http-product.js'
import { HttpVisitors } from '../support/http-visitors.js'
import { upstream } from '../support/http-upstream.js'
import { Pebble, type PebbleOptions } from '../support/pebble.js'
import { freePort, program, temporaryFolder } from '../support/places.js'
import { run, type Event } from '../support/processes.js'
import type { Agent } from '../support/product.js'

const HOST = hostOf('shop')

/** A server with certificates of its own, an authority that comes to its TLS port, and a service. */
class Setting {
  readonly product: HttpProduct
  readonly pebble: Pebble
  readonly port: number
  /** Folder of the agents' state. */
  readonly state: string
  readonly #caFile: string
  readonly #t: Test

  private constructor(t: Test, made: Pick<Setting, 'product' | 'pebble' | 'port' | 'state'>, caFile: string) {
    this.#t = t
    this.product = made.product
    this.pebble = made.pebble
    this.port = made.port
    this.state = made.state
    this.#caFile = caFile
  }

  static async make(t: Test, options: PebbleOptions = {}): Promise<Setting> {
    const product = await HttpProduct.start(t)
    const pebble = await Pebble.start(t, { tlsPort: product.port, ...options })
    const folder = await temporaryFolder(t)
    const caFile = path.join(folder, 'directory-ca.pem')
    await writeFile(caFile, pebble.ca)
    const { port } = await upstream(t, (request, response) => response.end(`hello ${request.httpVersion}`))
    return new Setting(t, { product, pebble, port, state: path.join(folder, 'state') }, caFile)
  }

  /** `uniroute http UPSTREAM --subdomain NAME --terminate agent` */
  agent(name = 'shop', flags: readonly string[] = []): Promise<Agent> {
    const acme = ['--acme-directory', this.pebble.directory, '--acme-ca', this.#caFile, '--state-dir', this.state]
    return this.product.agent(this.#t, this.port, name, ['--terminate', 'agent', ...acme, ...flags])
  }

  /** Orders that the authority got. */
  get orders(): number {
    return this.pebble.log.match(/Added order/g)?.length ?? 0
  }

  /** Visitors that trust the authority. */
  async visitors(): Promise<HttpVisitors> {
    const ca = Buffer.from((await this.pebble.roots()).join(''))
    return new HttpVisitors(this.#t, { port: this.product.port, ca })
  }
}

function told(agent: Agent, state: string, host = HOST): Promise<Event> {
  return agent.process.event('certificate', { when: (event) => event['state'] === state && event['host'] === host })
}

t.test('a certificate through the tunnel: curl, openssl, HTTP/2, and a restart that orders nothing', async (t) => {
  const setting = await Setting.make(t)
  const { product, pebble, state } = setting
  const agent = await setting.agent()
  t.match(agent.tunnels, [{ kind: 'http', public_url: `https://${HOST}:${product.port}` }])
  const visitors = await setting.visitors()
  t.equal((await visitors.call(HOST, '/')).body, 'hello 1.1', 'a visitor who comes at once waits for the certificate')
  await told(agent, 'ready')
  t.equal(setting.orders, 1)

  const rootFile = path.join(product.server.folder, 'root.pem')
  await writeFile(rootFile, (await pebble.roots()).join(''))
  const [curl, openssl] = await Promise.all([program('curl', 'curl'), program('openssl', 'openssl')])
  for (const version of ['1.1', '2']) {
    const at = ['--noproxy', '*', '--connect-to', `::127.0.0.1:${product.port}`, '--cacert', rootFile]
    const { out, err } = await run(curl, [
      '-sS',
      ...at,
      `--http${version}`,
      '-w',
      '|%{http_version}',
      `https://${HOST}/`,
    ])
    t.equal(out, `hello 1.1|${version}`, err)
  }
  const client = ['s_client', '-connect', `127.0.0.1:${product.port}`, '-servername', HOST]
  for (const version of ['-tls1_2', '-tls1_3']) {
    const shown = await run(openssl, [...client, '-CAfile', rootFile, '-verify_return_error', version], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    t.match(shown.out, /Verify return code: 0 \(ok\)/, version)
  }
  t.not((await run(openssl, [...client, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'])).code, 0)

  t.equal(((await stat(state)).mode & 0o777).toString(8), '700')
  for (const file of await readdir(state, { recursive: true })) {
    const facts = await stat(path.join(state, file))
    t.equal(facts.mode & 0o077, 0, `${file} is for nobody else`)
    if (facts.isFile()) t.notMatch(await readFile(path.join(state, file), 'utf8'), /PRIVATE KEY/)
  }
  t.notMatch(await readFile(path.join(product.server.folder, 'data', 'uniroute.db'), 'latin1'), /BEGIN CERTIFICATE/)

  await agent.process.stop()
  const again = await setting.agent()
  await told(again, 'ready')
  t.equal((await visitors.call(HOST, '/')).status, 200)
  t.equal(setting.orders, 1)
})

t.test('a name that the server draws, and a raw service', async (t) => {
  const setting = await Setting.make(t)
  const { product } = setting
  const agent = await setting.agent()
  t.ok(agent.tunnels[0])
  const { runAgent } = await import('../support/product.js')
  t.match(await runAgent(t, product.server, ['tcp', '5432', '--terminate', 'agent']), { code: 2 })
})

t.test('an order that fails ends nothing, is told, and is not made again by visitors or by a restart', async (t) => {
  const setting = await Setting.make(t, { tlsPort: await freePort() })
  const agent = await setting.agent()
  const failed = await told(agent, 'failed')
  t.match(failed, { tunnel: 'http-' + setting.port, host: HOST, code: 'UR_ACME_CONNECTION' })
  t.ok(Date.parse(String(failed['next_try'])) > Date.now() + 60_000)
  const visitors = await setting.visitors()
  for (let i = 0; i < 3; i++) await t.rejects(visitors.call(HOST, '/'), /handshake failure/)
  await agent.failed('UR_CERT_NONE_YET')
  t.equal(setting.orders, 1)
  await agent.process.stop()
  const again = await setting.agent()
  t.match(await told(again, 'waiting'), { code: 'UR_ACME_CONNECTION', next_try: failed['next_try'] })
  t.equal(setting.orders, 1)
})

t.test('two agents with one folder order a name once, also when the first is killed in the middle', async (t) => {
  const setting = await Setting.make(t)
  // Both ask for one name, one after the other: the second takes it over while the first waits for the authority.
  const first = await setting.agent()
  await first.process.stop('SIGKILL')
  const second = await setting.agent()
  const visitors = await setting.visitors()
  await eventually('the certificate', () => visitors.call(HOST, '/'), 60_000)
  await told(second, 'ready')
})

t.test('a renewal drops no connection', async (t) => {
  const setting = await Setting.make(t, { validS: 30 })
  const agent = await setting.agent()
  const visitors = await setting.visitors()
  const kept = visitors.http2(HOST)
  const { call2 } = await import('../support/http-visitors.js')
  t.equal((await call2(kept, '/')).status, 200)
  const serial = async (): Promise<string> => {
    const socket = visitors.tls(HOST)
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    const { raw } = socket.getPeerCertificate()
    socket.destroy()
    return new X509Certificate(raw).serialNumber
  }
  const before = await serial()
  await told(agent, 'ready')
  await eventually(
    'another certificate',
    async () => {
      if ((await serial()) === before) throw new Error('it is the same')
    },
    60_000,
  )
  t.equal((await call2(kept, '/')).status, 200, 'the connection of before is still there')
})
