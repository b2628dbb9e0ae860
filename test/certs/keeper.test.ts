import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { IssuedCertificate, Issuer, IssueRequest, RenewalWindow } from '../../src/certs/issuer.js'
import { CertificateKeeper, type KeeperOptions } from '../../src/certs/keeper.js'
import { StoreBook } from '../../src/certs/store-book.js'
import { KeyVault } from '../../src/certs/vault.js'
import { keySource } from '../../src/certs/vault-keys.js'
import { CertificateError } from '../../src/core/errors.js'
import { silentLogger } from '../../src/core/logger.js'
import { openStore, type Store, type StoreOptions } from '../../src/store/index.js'
import { within } from '../support/hang.js'
import { TestAuthority } from './support.js'

const DAY_MS = 86_400_000
const DIRECTORY = 'https://ca.test/directory'
const OWN = { name: 'example.com', names: ['example.com', '*.example.com'] }

/** An authority whose word is law: certificates for as long, and failures, as the test says. */
class TestIssuer implements Issuer {
  readonly requests: IssueRequest[] = []
  lifetimeDays = 90
  fails: ((names: readonly string[]) => Error | null) | null = null
  window: RenewalWindow | null = null
  asked = 0
  /** Orders wait for it. */
  gate: Promise<void> = Promise.resolve()
  readonly #authority = new TestAuthority()
  readonly #now: () => Date

  constructor(now: () => Date) {
    this.#now = now
  }

  async issue(request: IssueRequest, signal: AbortSignal): Promise<IssuedCertificate> {
    this.requests.push(request)
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error)),
    )
    await Promise.race([this.gate, aborted])
    const error = this.fails?.(request.names)
    if (error) throw error
    const from = this.#now()
    const to = new Date(from.getTime() + this.lifetimeDays * DAY_MS)
    const { cert, key } = this.#authority.issue({ names: request.names, from, to })
    return { chain: cert, key, directory: DIRECTORY }
  }

  renewalWindow(): Promise<RenewalWindow | null> {
    this.asked += 1
    return Promise.resolve(this.window)
  }
}

/** Times of day as the test says. */
class Calendar {
  #now = new Date('2026-06-01T00:00:00Z').getTime()
  readonly now = (): Date => new Date(this.#now)
  pass(days: number): void {
    this.#now += days * DAY_MS
  }
}

interface Node {
  readonly keeper: CertificateKeeper
  readonly book: StoreBook
  /** The next order that comes to its end, as `kind name`. */
  ended(): Promise<string>
}

async function nodeOn(
  t: Test,
  store: Store,
  { now }: Calendar,
  issuer: Issuer,
  options: Partial<KeeperOptions> = {},
): Promise<Node> {
  const vault = await KeyVault.open(keySource({ env: {}, file: null, dataDir: join(t.testdirName, 'data') }))
  const book = new StoreBook(OWN.name)
  const ends: string[] = []
  const waiting: ((end: string) => void)[] = []
  const keeper = new CertificateKeeper({
    certificates: store.certificates,
    lease: { leases: store.leases, holder: `node-${Math.random()}`, beatMs: 20 },
    vault,
    issuer,
    admit: async () => undefined,
    now,
    random: () => 0.5,
    own: OWN,
    isStillWanted: () => true,
    onChange: (list) => book.use(list, OWN.name),
    onOrder: ({ kind }, name) => {
      const end = `${kind} ${name}`
      const next = waiting.shift()
      if (next) next(end)
      else ends.push(end)
    },
    log: silentLogger,
    lookMs: 3_600_000,
    ...options,
  })
  t.teardown(() => keeper.close())
  await keeper.load()
  keeper.start()
  const ended = (): Promise<string> => {
    const end = ends.shift()
    return end === undefined
      ? within('an order to end', new Promise((resolve) => waiting.push(resolve)))
      : Promise.resolve(end)
  }
  return { keeper, book, ended }
}

async function storeIn(t: Test): Promise<{ store: Store; options: StoreOptions }> {
  const options = { file: join(t.testdir({}), 'data', 'uniroute.db') }
  const store = await openStore(options)
  t.teardown(() => store.close())
  return { store, options }
}

t.test('the own certificate comes at the start, and its key is stored encrypted', async (t) => {
  const { store } = await storeIn(t)
  const calendar = new Calendar()
  const issuer = new TestIssuer(calendar.now)
  const { book, ended } = await nodeOn(t, store, calendar, issuer)
  t.notOk(book.covers('example.com'), 'at first there is only what stands in for it')
  t.ok(book.defaultPem.cert)
  t.equal(await ended(), 'issued example.com')
  t.strictSame(issuer.requests, [{ names: OWN.names, replaces: null }])
  t.ok(book.covers('example.com'))
  t.ok(book.covers('shop.example.com'))
  const stored = await store.certificates.find('example.com')
  t.match(stored, { directory: DIRECTORY, chain: /BEGIN CERTIFICATE/, key: /^v1\./ })
  t.match(book.defaultPem.key, /BEGIN PRIVATE KEY/)

  const again = await nodeOn(t, store, calendar, issuer)
  t.ok(again.book.covers('example.com'), 'a process that starts later has it at once')
  t.equal(issuer.requests.length, 1)
})

for (const lifetimeDays of [90, 6]) {
  t.test(`${lifetimeDays} days: renewed when a third of them is left`, async (t) => {
    const { store } = await storeIn(t)
    const calendar = new Calendar()
    const issuer = new TestIssuer(calendar.now)
    issuer.lifetimeDays = lifetimeDays
    const { keeper, book, ended } = await nodeOn(t, store, calendar, issuer)
    await ended()
    const first = await store.certificates.find('example.com')
    calendar.pass((lifetimeDays * 2) / 3 - 0.1)
    await keeper.look()
    t.equal(issuer.requests.length, 1)
    calendar.pass(0.2)
    await keeper.look()
    t.equal(await ended(), 'issued example.com')
    t.match(issuer.requests[1]?.replaces, { chain: first?.chain, directory: DIRECTORY })
    t.not((await store.certificates.find('example.com'))?.chain, first?.chain)
    const left = (book.describe()[0]?.notAfter.getTime() ?? 0) - calendar.now().getTime()
    t.equal(left, lifetimeDays * DAY_MS)
  })
}

t.test('an authority that says when to renew is followed, up to the last tenth', async (t) => {
  const { store } = await storeIn(t)
  const calendar = new Calendar()
  const issuer = new TestIssuer(calendar.now)
  const window = (from: number, to: number): RenewalWindow => ({
    start: new Date(calendar.now().getTime() + from * DAY_MS),
    end: new Date(calendar.now().getTime() + to * DAY_MS),
    askAgainMs: DAY_MS / 2,
  })
  issuer.window = window(70, 74)
  const asked = new Promise<void>((resolve) => {
    const { noteRenewal } = store.certificates
    store.certificates.noteRenewal = async (note) => {
      await noteRenewal.call(store.certificates, note)
      if (note.renewAt) resolve()
    }
  })
  const { keeper, ended } = await nodeOn(t, store, calendar, issuer)
  await ended()
  await keeper.look()
  await within('the authority to be asked', asked)
  t.equal(issuer.asked, 1)
  const { renewAt } = (await store.certificates.find('example.com')) ?? {}
  t.equal(renewAt?.getTime(), calendar.now().getTime() + 72 * DAY_MS, 'a time in the window')
  await keeper.look()
  t.equal(issuer.asked, 1, 'it is not asked again before its time')
  calendar.pass(71.5)
  await keeper.look()
  t.equal(issuer.requests.length, 1)
  calendar.pass(1)
  await keeper.look()
  t.equal(await ended(), 'issued example.com')
})

t.test(
  'what failed is tried again after pauses that grow, across restarts, and not before the authority allows',
  async (t) => {
    const { store } = await storeIn(t)
    const calendar = new Calendar()
    const issuer = new TestIssuer(calendar.now)
    issuer.fails = () => new CertificateError('UR_CERT_STORED', 'no')
    const { keeper, ended } = await nodeOn(t, store, calendar, issuer)
    t.equal(await ended(), 'failed example.com')
    const pauses: number[] = []
    for (let i = 0; i < 7; i++) {
      const [failure] = keeper.failures
      if (!failure) throw new Error('no failure was noted')
      t.match(failure, { name: 'example.com', failures: i + 1, code: 'UR_CERT_STORED', message: 'no' })
      const pauseMs = failure.nextAt.getTime() - calendar.now().getTime()
      pauses.push(pauseMs / 60_000)
      calendar.pass((pauseMs - 1) / DAY_MS)
      await keeper.look()
      t.equal(issuer.requests.length, i + 1, 'not before its time')
      const other = await nodeOn(t, store, calendar, issuer)
      t.equal(issuer.requests.length, i + 1, 'nor by a process that starts')
      await other.keeper.close()
      calendar.pass(1 / DAY_MS)
      await keeper.look()
      t.equal(await ended(), 'failed example.com')
    }
    t.strictSame(pauses, [2, 5, 10, 30, 60, 180, 360])

    issuer.fails = () => Object.assign(new CertificateError('UR_CERT_STORED', 'later'), { retryAfterMs: 2 * DAY_MS })
    calendar.pass(1)
    await keeper.look()
    await ended()
    calendar.pass(1.99)
    await keeper.look()
    issuer.fails = null
    calendar.pass(0.02)
    await keeper.look()
    t.equal(await ended(), 'issued example.com')
    t.strictSame(keeper.failures, [])
    t.strictSame(await store.certificates.failures(), [])
  },
)

t.test('a name that cannot be had holds up no other, and costs nothing when it is known before', async (t) => {
  const { store } = await storeIn(t)
  const calendar = new Calendar()
  const issuer = new TestIssuer(calendar.now)
  const admit = async (name: string): Promise<void> => {
    if (name === 'away.example.com') throw new CertificateError('UR_CERT_STORED', 'it points elsewhere')
  }
  const { keeper, book, ended } = await nodeOn(t, store, calendar, issuer, { admit })
  await ended()
  issuer.fails = (names) => (names.includes('bad.example.com') ? new Error('never') : null)
  await Promise.all(['bad.example.com', 'away.example.com', 'good.example.com'].map((name) => keeper.want(name)))
  t.ok(book.describe().some(({ names }) => names.includes('good.example.com')))
  const failed = keeper.failures.map(({ name, code }) => `${name} ${code}`).sort()
  t.strictSame(failed, ['away.example.com UR_CERT_STORED', 'bad.example.com UR_INTERNAL'])
  t.notOk(issuer.requests.some(({ names }) => names.includes('away.example.com')))
  const before = issuer.requests.length
  await keeper.want('bad.example.com')
  t.equal(issuer.requests.length, before, 'it is not tried again at once')
})

t.test('of several processes one orders, and all have what came', async (t) => {
  const { store, options } = await storeIn(t)
  const second = await openStore(options)
  t.teardown(() => second.close())
  const calendar = new Calendar()
  const issuer = new TestIssuer(calendar.now)
  const [a, b] = await Promise.all([nodeOn(t, store, calendar, issuer), nodeOn(t, second, calendar, issuer)])
  const names = Array.from({ length: 20 }, (_, i) => `n${i}.example.com`)
  await Promise.all(names.flatMap((name) => [a.keeper.want(name), b.keeper.want(name)]))
  const orders = issuer.requests.map(({ names }) => names[0]).sort()
  t.strictSame(orders, ['example.com', ...names].sort(), 'one order for each')
  for (const { book } of [a, b]) {
    const served = new Set(book.describe().flatMap(({ names }) => names))
    t.ok(names.every((name) => served.has(name)))
  }
})

t.test('an order of a process that died is taken over', async (t) => {
  const { store } = await storeIn(t)
  const calendar = new Calendar()
  const issuer = new TestIssuer(calendar.now)
  await store.leases.take('certificate example.com', 'a dead process')
  const { ended } = await nodeOn(t, store, calendar, issuer)
  t.equal(await ended(), 'issued example.com')
})

t.test('a process that stops gives its orders up, and the next one takes them at once', async (t) => {
  const { store } = await storeIn(t)
  const calendar = new Calendar()
  const issuer = new TestIssuer(calendar.now)
  issuer.gate = new Promise(() => undefined)
  const { keeper } = await nodeOn(t, store, calendar, issuer)
  while (issuer.requests.length === 0) await new Promise(setImmediate)
  await within('the keeper to stop', keeper.close())
  t.strictSame(await store.certificates.failures(), [], 'that is no failure')
  issuer.gate = Promise.resolve()
  const next = await nodeOn(t, store, calendar, issuer)
  t.equal(await next.ended(), 'issued example.com')
})

t.test('what cannot be served is ordered anew', async (t) => {
  const { store } = await storeIn(t)
  const calendar = new Calendar()
  const issuer = new TestIssuer(calendar.now)
  const { keeper, ended } = await nodeOn(t, store, calendar, issuer)
  await ended()
  await keeper.close()
  const record = await store.certificates.find('example.com')
  if (!record) throw new Error('there is no certificate')
  const broken: readonly Partial<typeof record>[] = [{ key: 'v1.00000000.AAAA' }, { chain: 'nonsense' }]
  for (const part of broken) {
    await store.certificates.put({ ...record, ...part })
    const { keeper, book, ended } = await nodeOn(t, store, calendar, issuer)
    t.equal(await ended(), 'issued example.com')
    t.ok(book.covers('example.com'))
    await keeper.close()
  }
})

t.test(
  'names that were added to the own certificate are ordered at once; what nobody wants is not renewed',
  async (t) => {
    const { store } = await storeIn(t)
    const calendar = new Calendar()
    const issuer = new TestIssuer(calendar.now)
    const narrow = await nodeOn(t, store, calendar, issuer, { own: { name: 'example.com', names: ['example.com'] } })
    await narrow.ended()
    await narrow.keeper.want('a.example.com')
    await narrow.keeper.close()
    const wide = await nodeOn(t, store, calendar, issuer, { isStillWanted: () => false })
    t.equal(await wide.ended(), 'issued example.com')
    t.ok(wide.book.covers('b.example.com'))
    calendar.pass(80)
    await wide.keeper.look()
    t.equal(await wide.ended(), 'issued example.com')
    t.notOk(issuer.requests.slice(2).some(({ names }) => names.includes('a.example.com')))
  },
)
