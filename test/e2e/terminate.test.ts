import { once } from 'node:events'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { eventually, within } from '../support/hang.js'
import { hostOf, HttpProduct } from '../support/http-product.js'
import { call2, everything, HttpVisitors } from '../support/http-visitors.js'
import { upstream } from '../support/http-upstream.js'
import { Pebble, type PebbleOptions } from '../support/pebble.js'
import { freePort, program, temporaryFolder } from '../support/places.js'
import { run, type Event } from '../support/processes.js'
import { Agent, runAgent } from '../support/product.js'
import { startEcho } from '../support/pumps.js'

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

  /** `uniroute http UPSTREAM --subdomain shop --terminate agent` */
  agent(): Promise<Agent> {
    return this.product.agent(this.#t, this.port, 'shop', this.#flags)
  }

  /** `uniroute KIND UPSTREAM --terminate agent` */
  tunnel(kind: string, upstream: number): Promise<Agent> {
    return Agent.start(this.#t, this.product.server, [kind, String(upstream), ...this.#flags])
  }

  get #flags(): string[] {
    const acme = ['--acme-directory', this.pebble.directory, '--acme-ca', this.#caFile, '--state-dir', this.state]
    return ['--terminate', 'agent', ...acme]
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

function told(agent: Agent, state: string, host = HOST, ms?: number): Promise<Event> {
  const when = (event: Event): boolean => event['state'] === state && event['host'] === host
  return agent.process.event('certificate', { when, ...(ms === undefined ? {} : { ms }) })
}

// Each waits most of its time, for authorities and for looks that come only now and then: they wait together.
t.jobs = 4

t.test('an agent that is killed in the middle of an order: the next one makes it', async (t) => {
  const setting = await Setting.make(t)
  const { state } = setting
  const first = await setting.agent()
  const locks = path.join(state, 'locks')
  await eventually('the order to begin', async () => {
    if ((await readdir(locks)).length === 0 || setting.orders === 0) throw new Error('not yet')
  })
  await first.process.stop('SIGKILL')
  t.equal((await readdir(locks)).length, 1, 'its lock is still there')
  t.strictSame(await readdir(path.join(state, 'certificates')), [], 'and its certificate is not')
  const second = await setting.agent()
  await told(second, 'ready', HOST, 60_000)
  t.equal((await (await setting.visitors()).call(HOST, '/')).status, 200)
})

t.test('a renewal drops no connection', async (t) => {
  const setting = await Setting.make(t)
  const agent = await setting.agent()
  await told(agent, 'ready')
  const visitors = await setting.visitors()
  const kept = visitors.http2(HOST)
  t.equal((await call2(kept, '/')).status, 200)
  const serial = async (): Promise<string> => {
    const socket = visitors.tls(HOST)
    await within('a handshake', once(socket, 'secureConnect'))
    const { serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
  }
  const before = await serial()
  const file = path.join(setting.state, 'certificates', `${HOST}.json`)
  const record = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...record, renewAt: new Date(0).toISOString() }))
  await agent.process.event('certificate', { from: agent.process.out.length })
  t.equal(setting.orders, 2)
  t.not(await serial(), before)
  t.equal((await call2(kept, '/')).status, 200, 'the connection of before is still there')
})

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

t.test(
  '`uniroute tls`: a name that the server draws, and what is inside of TLS goes to the upstream as it is',
  async (t) => {
    const setting = await Setting.make(t)
    const echo = await startEcho(t)
    const agent = await setting.tunnel('tls', echo.port)
    const { hostname: host } = new URL(agent.tunnels[0]?.public_url.replace('tls:', 'https:') ?? '')
    t.match(host, /^[a-z]+-[a-z]+-[0-9a-f]{4}\.tunnels\.test$/)
    await told(agent, 'ready', host)
    const socket = (await setting.visitors()).tls(host)
    socket.end('a word')
    t.equal(await within('the echo', everything(socket)), 'a word')
  },
)

t.test('a certificate for other names, and a key that others can read, are told of', async (t) => {
  const product = await HttpProduct.start(t)
  const { cert, key } = await product.server.authority.issue(['other.example'])
  await chmod(key, 0o644)
  const { port } = await upstream(t, (_request, response) => response.end())
  const agent = await product.agent(t, port, 'shop', ['--terminate', 'agent', '--crt', cert, '--key', key])
  const { err } = agent.process
  t.match(err.join('\n'), /\.key holds a private key and others can read it \(mode 0644\); run: chmod 600/)
  t.match(await told(agent, 'mismatch'), {
    code: 'UR_CERT_OTHER_NAMES',
    message: /not for shop\.tunnels\.test \(it is for other\.example\)/,
  })
})

t.test('what does not go together is refused before anything is connected', async (t) => {
  const { server } = await HttpProduct.start(t)
  const refused = async (...args: string[]): Promise<string> => {
    const { code, err, out } = await runAgent(t, server, args)
    t.equal(code, 2, args.join(' '))
    return `${err} ${JSON.stringify(out)}`
  }
  const agent = ['http', '3000', '--terminate', 'agent']
  t.match(await refused(...agent, '--pool'), /--pool and --terminate exclude each other/)
  t.match(await refused(...agent, '--scheme', 'both'), /plain HTTP ends at the server/)
  t.match(await refused(...agent, '--domain', '*.example.com'), /--crt and --key/)
  t.match(await refused('http', '3000', '--crt', 'a.pem'), /--crt needs --key/)
  t.match(await refused('tls', '5432', '--crt', 'nowhere.pem', '--key', 'nowhere.pem'), /UR_CERT_UNREADABLE/)
  t.match(await refused(...agent, '--state-dir', server.configFile), /UR_STATE_FOLDER/)
})

t.test('an order that fails ends nothing, is told, and is not made again by visitors or by a restart', async (t) => {
  const setting = await Setting.make(t, { tlsPort: await freePort() })
  const agent = await setting.agent()
  const failed = await told(agent, 'failed')
  t.match(failed, { tunnel: 'http-' + setting.port, host: HOST, code: 'UR_ACME_UNAUTHORIZED' })
  t.ok(Date.parse(String(failed['next_try'])) > Date.now() + 60_000)
  const visitors = await setting.visitors()
  for (let i = 0; i < 3; i++) await t.rejects(visitors.call(HOST, '/'), /handshake failure/)
  await agent.failed('UR_CERT_NONE_YET')
  t.equal(setting.orders, 1)
  await agent.process.stop()
  const again = await setting.agent()
  t.match(await told(again, 'waiting'), { code: 'UR_ACME_UNAUTHORIZED', next_try: failed['next_try'] })
  t.equal(setting.orders, 1)
})
