import t, { type Test } from 'tap'
import { silentLogger } from '../../src/core/logger.js'
import { ReservationBook } from '../../src/names/book.js'
import { DomainWatch, type WatchRules } from '../../src/names/domain-watch.js'
import type { ProofState, ReservationRecord } from '../../src/store/index.js'
import { eventually } from '../support/hang.js'
import { Knot } from '../support/knot.js'
import { RecordedLog } from '../support/log.js'
import { DOMAIN, record } from './support.js'

const DAY = 86_400_000
const ago = (ms: number): Date => new Date(Date.now() - ms)

/** A watch over these reservations, which writes into its own book as the database would. */
function watchOver(
  t: Test,
  port: number,
  records: readonly ReservationRecord[],
  rules: Partial<WatchRules> = {},
  written: () => Promise<void> = () => Promise.resolve(),
) {
  const book = new ReservationBook(DOMAIN)
  for (const each of records) book.set(each)
  const noted: (ProofState & { readonly id: string })[] = []
  const log = new RecordedLog()
  const changes: string[] = []
  const watch = new DomainWatch({
    onProof: (change, { value }) => changes.push(`${value} ${change}`),
    reservations: {
      async noteProof(id: string, proof: ProofState) {
        await written()
        noted.push({ id, ...proof })
        const before = book.domains().find((each) => each.id === id)
        if (before !== undefined) book.set({ ...before, ...proof })
        return before !== undefined
      },
    },
    book,
    log,
    rules: () => ({
      resolvers: [{ host: '127.0.0.1', port }],
      timeoutMs: 500,
      intervalMs: DAY,
      graceMs: 7 * DAY,
      ...rules,
    }),
  })
  t.teardown(() => watch.close())
  const state = (id: string) => book.domains().find((each) => each.id === id)
  return { watch, noted, log, state, changes }
}

const proof = (name: string): string => `_uniroute${name === '@' ? '' : `.${name}`} TXT "uniroute-proof=0"`

t.test('against a real DNS server', async (t) => {
  const zone = [proof('there'), proof('back'), ...Array.from({ length: 30 }, (_, i) => proof(`n${i}`))].join('\n')
  const knot = await Knot.start(t, { 'example.org': zone, 'broken.example': null })

  t.test('what is found, missed, missed for too long, and found again', async (t) => {
    const domain = (name: string, given: Partial<ReservationRecord>) =>
      record('alice', 'domain', name.includes('.') ? name : `${name}.example.org`, given)
    const all = {
      waiting: domain('there', { verifiedAt: null }),
      never: domain('never', { verifiedAt: null }),
      fresh: domain('fresh', { verifiedAt: ago(DAY / 2) }),
      good: domain('n1', { verifiedAt: ago(2 * DAY) }),
      gone: domain('gone', { verifiedAt: ago(2 * DAY) }),
      failing: domain('failing', { verifiedAt: ago(3 * DAY), failingSince: ago(2 * DAY) }),
      over: domain('over', { verifiedAt: ago(9 * DAY), failingSince: ago(8 * DAY) }),
      silent: domain('silent.broken.example', { verifiedAt: ago(9 * DAY), failingSince: ago(8 * DAY) }),
      back: domain('back', { verifiedAt: ago(3 * DAY), failingSince: ago(2 * DAY) }),
      lapsed: domain('n2', { verifiedAt: null, failingSince: ago(20 * DAY) }),
    }
    const { watch, noted, log, state, changes } = watchOver(t, knot.port, Object.values(all))
    const startedAt = new Date()
    await watch.look()
    const now = (id: string): string => {
      const { verifiedAt = null, failingSince = null } = state(id) ?? {}
      const text = (at: Date | null) => (at === null ? 'null' : at >= startedAt ? 'now' : 'before')
      return `${text(verifiedAt)} ${text(failingSince)}`
    }
    t.strictSame(Object.fromEntries(Object.entries(all).map(([key, { id }]) => [key, now(id)])), {
      waiting: 'now null',
      never: 'null null',
      fresh: 'before null',
      good: 'now null',
      gone: 'before now',
      failing: 'before before',
      over: 'null before',
      silent: 'before before',
      back: 'now null',
      lapsed: 'now null',
    })
    t.same(changes.sort(), ['n2.example.org proved', 'over.example.org lapsed', 'there.example.org proved'])
    t.notOk(
      noted.some(({ id }) => id === all.fresh.id || id === all.never.id),
      'nothing is written that says nothing new',
    )
    const lines = log.lines.filter(({ level }) => level !== 'debug')
    t.strictSame(lines.map(({ level, fields }) => `${level} ${String(fields['domain'])}`).sort(), [
      'error over.example.org',
      'info back.example.org',
      'info n2.example.org',
      'info there.example.org',
      'warn gone.example.org',
    ])
  })

  t.test('what was looked for just now is left alone, until its time has come', async (t) => {
    const before = await knot.queries('udp4')
    const good = record('alice', 'domain', 'n3.example.org', { verifiedAt: ago(2 * DAY) })
    const missing = record('alice', 'domain', 'gone.example.org', { verifiedAt: ago(2 * DAY) })
    const { watch } = watchOver(t, knot.port, [good, missing])
    await watch.look()
    const first = (await knot.queries('udp4')) - before
    await watch.look()
    t.equal((await knot.queries('udp4')) - before, first)
    t.ok(first >= 2)
  })

  t.test('a clock that was set back keeps nobody from looking: what was noted is ahead of it', async (t) => {
    const later = new Date(Date.now() + 6 * 3_600_000)
    const there = record('alice', 'domain', 'there.example.org', { verifiedAt: later })
    const { watch, noted } = watchOver(t, knot.port, [there])
    await watch.look()
    t.match(noted, [{ id: there.id, failingSince: null }])
    await watch.look()
    t.equal(noted.length, 1, 'and then as ever')
  })

  t.test('many at once go to DNS a few at a time, and all are done', async (t) => {
    const records = Array.from({ length: 30 }, (_, i) =>
      record('alice', 'domain', `n${i}.example.org`, { verifiedAt: ago(2 * DAY) }),
    )
    const before = await knot.queries('udp4')
    let inside = 0
    let done = 0
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const { watch } = watchOver(t, knot.port, records, {}, async () => {
      inside++
      await held
      done++
    })
    const looked = watch.look()
    await eventually('eight looks', () => (inside === 8 ? Promise.resolve() : Promise.reject(new Error(`${inside}`))))
    t.equal((await knot.queries('udp4')) - before, 8)
    release()
    await looked
    t.equal(done, 30)
  })

  t.test('it goes on by itself: a proof that goes and comes back', async (t) => {
    const one = record('alice', 'domain', 'moving.example.org', { verifiedAt: null })
    const { watch, state } = watchOver(t, knot.port, [one], { intervalMs: 40, graceMs: 0 })
    watch.start()
    const until = (what: string, fits: (state: ProofState | undefined) => boolean): Promise<void> =>
      eventually(what, () => (fits(state(one.id)) ? Promise.resolve() : Promise.reject(new Error('not yet'))))
    await knot.change('example.org', `${zone}\n${proof('moving')}`)
    await until('the proof to be found', (now) => now?.verifiedAt !== null && now?.failingSince === null)
    await knot.change('example.org', zone)
    await until('the domain to lapse', (now) => now?.verifiedAt === null && now.failingSince !== null)
    await knot.change('example.org', `${zone}\n${proof('moving')}`)
    await until('the proof to be found again', (now) => now?.verifiedAt !== null && now?.failingSince === null)
    t.pass('it came back')
  })

  t.test('a database that fails keeps nobody from looking again', async (t) => {
    const book = new ReservationBook(DOMAIN)
    book.set(record('alice', 'domain', 'n4.example.org', { verifiedAt: ago(2 * DAY) }))
    const watch = new DomainWatch({
      reservations: { noteProof: () => Promise.reject(new Error('away')) },
      book,
      log: silentLogger,
      rules: () => ({ resolvers: [{ host: '127.0.0.1', port: knot.port }], timeoutMs: 500, intervalMs: 1, graceMs: 1 }),
    })
    await t.resolves(watch.look())
  })
})
