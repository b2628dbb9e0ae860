import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FailedLogins, RightsBook } from '../../src/access/index.js'
import { TokenGate, type TokenGateOptions } from '../../src/access/token-gate.js'
import { StoreError } from '../../src/core/errors.js'
import { silentLogger, type Logger } from '../../src/core/logger.js'
import { DEFAULT_ACCOUNT, openStore, type Store } from '../../src/store/index.js'
import { within } from '../support/hang.js'

/** About twelve days: the end of no test. */
const NEVER_MS = 2 ** 30

const noChange = (): void => undefined

function rightsOn(store: Store): RightsBook {
  return new RightsBook({ usage: store.tokenUsage, log: silentLogger, domain: 'example.com', writeMs: NEVER_MS })
}

async function gateFor(t: Test, options: Partial<TokenGateOptions> = {}): Promise<{ store: Store; gate: TokenGate }> {
  const store = await openStore({ file: join(t.testdir({}), 'uniroute.db') })
  const gate = new TokenGate({
    tokens: store.tokens,
    certificates: store.agentCertificates,
    rights: rightsOn(store),
    log: silentLogger,
    pollMs: 20,
    ...options,
  })
  t.teardown(async () => {
    await gate.close()
    await store.close()
  })
  return { store, gate }
}

function recordingLogger(): { log: Logger; lines: string[] } {
  const lines: string[] = []
  const write = (_fields: unknown, message: string): number => lines.push(message)
  return { lines, log: { ...silentLogger, info: write, warn: write, error: write } }
}

/** The store's tokens, which fail while `broken`. */
function breakable({ tokens }: Store) {
  const broken = new StoreError('UR_STORE_CORRUPT', 'The database /secret/path is damaged.')
  const state = { broken: false }
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    if (state.broken) throw broken
    return work()
  }
  return {
    state,
    tokens: {
      findByHash: (hash: string) => guard(() => tokens.findByHash(hash)),
      findById: (id: string) => guard(() => tokens.findById(id)),
      revokedSince: (cursor: number) => guard(() => tokens.revokedSince(cursor)),
      rightsChangedSince: (cursor: number) => guard(() => tokens.rightsChangedSince(cursor)),
      touch: (used: ReadonlyMap<string, Date>) => guard(() => tokens.touch(used)),
    },
  }
}

t.test('each wrong token has its own answer, and none of them repeats it', async (t) => {
  const { store, gate } = await gateFor(t)
  const good = await store.tokens.create('good')
  const gone = await store.tokens.create('gone')
  await store.tokens.revoke('gone')
  t.strictSame(await gate.check(good.token), {
    id: good.id,
    name: 'good',
    accountId: DEFAULT_ACCOUNT,
    certificateId: null,
  })
  const unknown = `unr_${'Z'.repeat(43)}`
  const cases = [
    ['', 'UR_TOKEN_MISSING', /--token/],
    ['hunter2', 'UR_TOKEN_MALFORMED', /whole token/],
    [`${good.token}x`, 'UR_TOKEN_MALFORMED', /whole token/],
    [` ${good.token}`, 'UR_TOKEN_MALFORMED', /whole token/],
    [unknown, 'UR_TOKEN_INVALID', /token create/],
    [gone.token, 'UR_TOKEN_REVOKED', /operator/],
  ] as const
  for (const [token, code, message] of cases) {
    const error = await gate.check(token).catch((failure: unknown) => failure)
    t.match(error, { name: 'RefusedError', code, message, exitCode: 3 }, code)
    if (token !== '') t.notOk((error as Error).message.includes(token.trim()), 'secrets stay secret')
  }
})

t.test('a revoked token is refused from the very next check on', async (t) => {
  const { store, gate } = await gateFor(t)
  const { token } = await store.tokens.create('a')
  await gate.check(token)
  await store.tokens.revoke('a')
  await t.rejects(gate.check(token), { code: 'UR_TOKEN_REVOKED' })
})

t.test('live sessions of a revoked token are told within two seconds, by another process too', async (t) => {
  const { store, gate } = await gateFor(t, { pollMs: 500 })
  const [a, b] = [await store.tokens.create('a'), await store.tokens.create('b')]
  const other = await openStore({ file: join(t.testdirName, 'uniroute.db') })
  const told: string[] = []
  const revoked = new Promise<number>((resolve) => {
    gate.watchTokens(
      () => [a.id, a.id, b.id],
      (id, reason) => {
        told.push(id)
        t.match(reason, { name: 'RefusedError', code: 'UR_TOKEN_REVOKED' })
        resolve(performance.now())
      },
      noChange,
    )
  })
  await gate.check(a.token)
  const before = performance.now()
  await other.tokens.revoke('a')
  t.ok((await within('the revocation', revoked)) - before < 2000)
  t.strictSame([...new Set(told)], [a.id])
  await other.close()
})

t.test('a session that begins just after its token was seen revoked is told as well', async (t) => {
  const { store, gate } = await gateFor(t)
  const { id } = await store.tokens.create('a')
  await store.tokens.revoke('a')
  let looks = 0
  const told = new Promise<string>((resolve) => {
    gate.watchTokens(() => (++looks < 3 ? [] : [id]), resolve, noChange)
  })
  t.equal(await within('the revocation', told), id)
})

t.test('after close nobody is told any more', async (t) => {
  const { store, gate } = await gateFor(t)
  const { id } = await store.tokens.create('a')
  await store.tokens.revoke('a')
  gate.watchTokens(
    () => [id],
    () => t.fail('told after close'),
    noChange,
  )
  await gate.close()
})

t.test('while the database fails: known tokens pass, others wait, the watch goes on afterwards', async (t) => {
  const store = await openStore({ file: join(t.testdir({}), 'uniroute.db') })
  const { log, lines } = recordingLogger()
  const { tokens, state } = breakable(store)
  const gate = new TokenGate({
    tokens,
    certificates: store.agentCertificates,
    rights: rightsOn(store),
    log,
    pollMs: 10,
  })
  t.teardown(async () => {
    await gate.close()
    await store.close()
  })
  const [known, fresh, gone] = [
    await store.tokens.create('k'),
    await store.tokens.create('f'),
    await store.tokens.create('g'),
  ]
  await gate.check(known.token)
  await gate.check(gone.token)
  await store.tokens.revoke('g')
  const live = new Set([gone.id])
  const seen = within(
    'the revocation',
    new Promise<string>((resolve) => gate.watchTokens(() => live, resolve, noChange)),
  )
  t.equal(await seen, gone.id)

  state.broken = true
  t.strictSame(await gate.check(known.token), {
    id: known.id,
    name: 'k',
    accountId: DEFAULT_ACCOUNT,
    certificateId: null,
  })
  await t.rejects(gate.check(gone.token), { code: 'UR_TOKEN_REVOKED' }, 'seen revoked before')
  const unchecked = await gate.check(fresh.token).catch((error: unknown) => error)
  t.match(unchecked, { name: 'StoreError', code: 'UR_TOKEN_UNCHECKED' })
  t.notMatch((unchecked as Error).message, /secret/, 'an agent learns no path of the server')

  live.clear()
  await within('a line about it', lineWith(lines, 'revoked tokens are not seen'))
  state.broken = false
  await within('a line about it', lineWith(lines, 'answers again'))
  t.equal(lines.filter((line) => line.includes('revoked tokens are not seen')).length, 1, 'once an outage')
  t.match(await gate.check(fresh.token), { name: 'f' })
})

t.test('a failing address is slowed down; tokens that were good before still pass', async (t) => {
  const clock = { time: 0, now: () => clock.time }
  const failedLogins = new FailedLogins({ clock, failures: 3, windowMs: 60_000 })
  const { store, gate } = await gateFor(t, { failedLogins })
  const [used, unused] = [await store.tokens.create('used'), await store.tokens.create('unused')]
  await gate.check(used.token, '192.0.2.1')
  for (let i = 0; i < 3; i++) await t.rejects(gate.check(`wrong${i}`, '192.0.2.1'), { code: 'UR_TOKEN_MALFORMED' })
  const limited = { name: 'LimitError', code: 'UR_TOKEN_RATE', message: /192\.0\.2\.1.*wait 60 s/ }
  await t.rejects(gate.check(unused.token, '192.0.2.1'), limited)
  await gate.check(used.token, '192.0.2.1')
  await gate.check(unused.token, '192.0.2.2')
  await gate.check(unused.token)
  clock.time = 60_000
  await gate.check(unused.token, '192.0.2.1')
})

t.test('sessions of one address have a rate, when one is set', async (t) => {
  let sessionRate = 0
  const { store, gate } = await gateFor(t, { sessionRate: () => sessionRate })
  const { token } = await store.tokens.create('a')
  for (let i = 0; i < 3; i++) await gate.check(token, '192.0.2.1')
  sessionRate = 0.001
  await gate.check(token, '192.0.2.1')
  const limited = { name: 'LimitError', code: 'UR_SESSION_RATE', message: /192\.0\.2\.1/, retryAfterMs: 1000 }
  await t.rejects(gate.check(token, '192.0.2.1'), limited)
  await gate.check(token, '192.0.2.2')
  await gate.check(token)
})

t.test('a token that has expired: refused, also while the database fails, and its sessions are told', async (t) => {
  const store = await openStore({ file: join(t.testdir({}), 'uniroute.db') })
  const { tokens, state } = breakable(store)
  let time = Date.now()
  const gate = new TokenGate({
    tokens,
    certificates: store.agentCertificates,
    rights: rightsOn(store),
    log: silentLogger,
    pollMs: 10,
    now: () => time,
  })
  t.teardown(async () => {
    await gate.close()
    await store.close()
  })
  const end = time + 30 * 86_400_000
  const limited = await store.tokens.create('limited', { expiresAt: new Date(end) })
  const endless = await store.tokens.create('endless')
  const expired = { name: 'RefusedError', code: 'UR_TOKEN_EXPIRED', exitCode: 3, message: /expired.*operator/ }
  time = end - 1
  for (const { token, id } of [limited, endless]) t.match(await gate.check(token), { id })

  const told: string[] = []
  let live = [limited.id, endless.id]
  let onTold: () => void = () => undefined
  let looks = 0
  const ids = () => {
    looks++
    return live
  }
  gate.watchTokens(
    ids,
    (id, reason) => {
      t.match(reason, expired)
      told.push(id)
      onTold()
    },
    noChange,
  )
  await within(
    'some looks',
    until(() => looks > 3),
  )
  t.strictSame(told, [], 'nobody is told too early')
  state.broken = true
  time = end
  await within('the news', new Promise<void>((resolve) => (onTold = resolve)))
  t.equal(told[0], limited.id)
  live = [endless.id]
  await t.rejects(gate.check(limited.token), expired, 'while the database fails')
  t.match(await gate.check(endless.token), { id: endless.id })
  state.broken = false
  await t.rejects(gate.check(limited.token), expired)
  time = end + 86_400_000
  const before = looks
  await within(
    'more looks',
    until(() => looks > before + 3),
  )
  await t.rejects(gate.check(limited.token), expired, 'for ever')
  t.strictSame([...new Set(told)], [limited.id])
})

t.test('who may do nothing is refused at the door, and told while he is in', async (t) => {
  const { store, gate } = await gateFor(t)
  const { id: accountId } = await store.accounts.create('alice')
  const a = await store.tokens.create('a', { accountId })
  const b = await store.tokens.create('b')
  await gate.check(a.token)
  await gate.check(b.token)
  const told = new Map<string, string>()
  gate.watchTokens(
    () => [a.id, b.id],
    (id, { code }) => void told.set(id, code),
    noChange,
  )
  await store.accounts.disable('alice')
  await store.tokens.update('b', () => ({ max_tunnels: 3, only_on_sundays: true }))
  await within(
    'the news',
    until(() => told.size === 2),
  )
  t.strictSame(Object.fromEntries(told), { [a.id]: 'UR_ACCOUNT_DISABLED', [b.id]: 'UR_RIGHTS_UNREADABLE' })
  await t.rejects(gate.check(a.token), { name: 'RefusedError', code: 'UR_ACCOUNT_DISABLED', message: /operator/ })
  const unreadable = { name: 'RefusedError', code: 'UR_RIGHTS_UNREADABLE', message: /only_on_sundays: unknown key/ }
  await t.rejects(gate.check(b.token), unreadable)

  await store.accounts.enable('alice')
  await store.tokens.update('b', () => ({ max_tunnels: 3 }))
  t.match(await gate.check(a.token), { name: 'a' })
  t.match(await gate.check(b.token), { name: 'b' })
})

t.test('changed rights are told once for each change, by the watch or by a login that was faster', async (t) => {
  const store = await openStore({ file: join(t.testdir({}), 'uniroute.db') })
  const rights = rightsOn(store)
  const gate = new TokenGate({
    tokens: store.tokens,
    certificates: store.agentCertificates,
    rights,
    log: silentLogger,
    pollMs: 20,
  })
  t.teardown(async () => {
    await gate.close()
    await store.close()
  })
  const { id, token } = await store.tokens.create('a')
  await gate.check(token)
  await store.tokens.update('a', () => ({ max_tunnels: 1 }))
  await gate.check(token)
  t.match(rights.of(id).tunnelProblem(2), { code: 'UR_QUOTA_TUNNELS' }, 'a login counts for every session')
  let told = 0
  let looks = 0
  const live = () => (looks++, [id])
  gate.watchTokens(live, noChange, () => told++)
  await within(
    'looks',
    until(() => looks > 3),
  )
  t.equal(told, 1)
  await store.tokens.update('a', () => null)
  await within(
    'the news',
    until(() => told === 2),
  )
  t.equal(rights.of(id).tunnelProblem(2), null)
})

t.test('a login that read its rights before they were changed has the changed ones', async (t) => {
  const store = await openStore({ file: join(t.testdir({}), 'uniroute.db') })
  const rights = rightsOn(store)
  let reading: (() => Promise<void>) | null = null
  const tokens = {
    findByHash: async (hash: string) => {
      const record = await store.tokens.findByHash(hash)
      const meanwhile = reading
      reading = null
      await meanwhile?.()
      return record
    },
    findById: (id: string) => store.tokens.findById(id),
    revokedSince: (cursor: number) => store.tokens.revokedSince(cursor),
    rightsChangedSince: (cursor: number) => store.tokens.rightsChangedSince(cursor),
    touch: (used: ReadonlyMap<string, Date>) => store.tokens.touch(used),
  }
  const gate = new TokenGate({ tokens, certificates: store.agentCertificates, rights, log: silentLogger, pollMs: 10 })
  t.teardown(async () => {
    await gate.close()
    await store.close()
  })
  const { id, token } = await store.tokens.create('a')
  let looks = 0
  gate.watchTokens(() => (looks++, []), noChange, noChange)
  reading = async () => {
    await store.tokens.update('a', () => ({ max_tunnels: 1 }))
    const before = looks
    await until(() => looks > before + 2)
  }
  await within('the login', gate.check(token))
  t.match(rights.of(id).tunnelProblem(2), { code: 'UR_QUOTA_TUNNELS' })
})

t.test(
  'while the database fails a token is let in with the rights that it had, and not when they are not known',
  async (t) => {
    const store = await openStore({ file: join(t.testdir({}), 'uniroute.db') })
    const { tokens, state } = breakable(store)
    const rights = rightsOn(store)
    const gate = new TokenGate({ tokens, certificates: store.agentCertificates, rights, log: silentLogger, pollMs: 10 })
    t.teardown(async () => {
      await gate.close()
      await store.close()
    })
    const { id, token } = await store.tokens.create('a', { rights: { max_tunnels: 1 } })
    const { id: accountId } = await store.accounts.create('alice')
    const other = await store.tokens.create('b', { accountId })
    await gate.check(token)
    await gate.check(other.token)
    await store.accounts.disable('alice')
    await t.rejects(gate.check(other.token), { code: 'UR_ACCOUNT_DISABLED' })
    state.broken = true
    t.match(await gate.check(token), { name: 'a' })
    t.match(rights.of(id).tunnelProblem(2), { code: 'UR_QUOTA_TUNNELS' })
    await t.rejects(gate.check(other.token), { name: 'StoreError', code: 'UR_TOKEN_UNCHECKED' })
  },
)

t.test('when a token was last used is written from time to time, and at the end', async (t) => {
  const store = await openStore({ file: join(t.testdir({}), 'uniroute.db') })
  const { token } = await store.tokens.create('a')
  const gate = new TokenGate({
    tokens: store.tokens,
    certificates: store.agentCertificates,
    rights: rightsOn(store),
    log: silentLogger,
    touchMs: NEVER_MS,
  })
  const before = Date.now()
  await gate.check(token)
  await gate.close()
  const [record] = await store.tokens.list()
  t.ok((record?.lastUsedAt?.getTime() ?? 0) >= before)
  await store.close()
})

t.test('a last use that could not be written is written later', async (t) => {
  const store = await openStore({ file: join(t.testdir({}), 'uniroute.db') })
  const { token } = await store.tokens.create('a')
  const { tokens, state } = breakable(store)
  const { log, lines } = recordingLogger()
  const gate = new TokenGate({
    tokens,
    certificates: store.agentCertificates,
    rights: rightsOn(store),
    log,
    touchMs: 10,
  })
  await gate.check(token)
  state.broken = true
  await within('a line about it', lineWith(lines, 'tried again later'))
  state.broken = false
  await gate.close()
  t.ok((await store.tokens.list())[0]?.lastUsedAt)
  await store.close()
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function lineWith(lines: readonly string[], text: string): Promise<void> {
  await until(() => lines.some((line) => line.includes(text)))
}
