import t, { type Test } from 'tap'
import { ConnectLoop } from '../../src/agent/connect-loop.js'
import { CertificateError, NetworkError, RefusedError, type UniRouteError } from '../../src/core/errors.js'
import { eventually, within } from '../support/hang.js'

/** A try that the test answers. */
interface Try {
  readonly number: number
  readonly signal: AbortSignal
  /** The server takes its connection. */
  answered(): void
  succeed(): void
  fail(error: Error): void
}

class Bench {
  readonly tries: Try[] = []
  readonly discarded: number[] = []
  readonly opens: { number: number; succeed(): void; fail(error: Error): void }[] = []
  readonly failures: { error: UniRouteError; retryInMs: number }[] = []
  readonly opened: Promise<string>
  readonly gaveUp: Promise<UniRouteError>
  readonly loop: ConnectLoop<number, string>
  random = 0
  now = 0
  #waiting: (() => void)[] = []

  constructor(t: Test) {
    let onOpen!: (session: string) => void
    let onGiveUp!: (error: UniRouteError) => void
    this.opened = new Promise((resolve) => (onOpen = resolve))
    this.gaveUp = new Promise((resolve) => (onGiveUp = resolve))
    this.loop = new ConnectLoop<number, string>({
      clock: { now: () => this.now },
      random: () => this.random,
      dial: (number, signal, answered) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
          this.tries.push({ number, signal, answered, succeed: () => resolve(number), fail: reject })
          this.#heard()
        }),
      open: (number) =>
        new Promise((resolve, reject) => {
          this.opens.push({ number, succeed: () => resolve(`session ${number}`), fail: reject })
          this.#heard()
        }),
      discard: (number) => {
        this.discarded.push(number)
        this.#heard()
      },
      onOpen,
      onGiveUp,
      onFailure: (error, retryInMs) => {
        this.failures.push({ error, retryInMs })
        this.#heard()
      },
      isFinal: (error) => error instanceof RefusedError,
      isLasting: (error) => error instanceof CertificateError,
    })
    t.teardown(() => this.loop.stop())
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) await within(what, new Promise<void>((resolve) => this.#waiting.push(resolve)))
  }

  async triesMade(count: number): Promise<void> {
    await this.until(`${count} tries`, () => this.tries.length >= count)
  }

  #heard(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

const unreachable = new NetworkError('UR_SERVER_UNREACHABLE', 'nobody there')

t.test('a try that hangs does not hold up the next, and the first to get through wins', async (t) => {
  const bench = new Bench(t)
  bench.loop.start(false)
  await bench.triesMade(2)
  bench.tries[1]!.succeed()
  await bench.until('the preface', () => bench.opens.length === 1)
  bench.tries[0]!.succeed()
  await bench.until('the other to be dropped', () => bench.discarded.length === 1)
  t.same(bench.discarded, [0])
  bench.opens[0]!.succeed()
  t.equal(await bench.opened, 'session 1')
  t.notOk(bench.loop.running)
  t.same(bench.failures, [])
})

t.test('while one hangs on, no more than three are tried at once: the first, and fresh ones', async (t) => {
  const bench = new Bench(t)
  bench.loop.start(false)
  await bench.triesMade(5)
  t.same(
    bench.tries.map(({ signal }) => signal.aborted),
    [false, true, true, false, false],
  )
})

t.test('a server that has answered is not asked again for a while, however slow it is', async (t) => {
  const bench = new Bench(t)
  bench.loop.start(false)
  await bench.triesMade(2)
  const start = performance.now()
  bench.tries[1]!.answered()
  t.same(
    bench.tries.map(({ signal }) => signal.aborted),
    [true, false],
    'what it has not answered is not needed',
  )
  await bench.triesMade(3)
  t.ok(performance.now() - start > 2_400, 'the next comes after half of 5 s at the earliest')
  bench.tries[2]!.answered()
  t.notOk(bench.tries[1]!.signal.aborted, 'and takes nothing from the one before')
})

t.test('delays are jittered and bounded: close together at first, then growing', async (t) => {
  const bench = new Bench(t)
  bench.random = 0
  bench.loop.start(false)
  for (let i = 0; i < 12; i++) {
    await bench.triesMade(i + 1)
    bench.tries[i]!.fail(unreachable)
  }
  await bench.until('all failures', () => bench.failures.length === 12)
  t.ok(
    bench.failures.every(({ retryInMs }) => retryInMs === 0),
    'the least jitter is no delay',
  )

  for (const [now, bound] of [
    [0, 200],
    [61_000, 1500],
  ] as const) {
    const other = new Bench(t)
    other.loop.start(false)
    await other.triesMade(1)
    other.now = now
    other.random = 0.9999
    other.tries[0]!.fail(unreachable)
    await other.until('the failure', () => other.failures.length === 1)
    t.equal(other.failures[0]!.retryInMs, bound, `the most jitter after ${now} ms`)
  }
})

t.test(
  'what will hardly pass by itself is tried again, with the longest delays, and nothing else waits for it',
  async (t) => {
    const bench = new Bench(t)
    bench.random = 0.9999
    bench.loop.start(false)
    const wrong = new CertificateError('UR_TLS_VERIFY', 'another name')
    const failures = [wrong, wrong, unreachable]
    for (const [i, error] of failures.entries()) {
      await bench.triesMade(i + 1)
      bench.tries[i]!.fail(error)
      await bench.until('the failure', () => bench.failures.length === i + 1)
      bench.loop.hurry()
    }
    t.same(
      bench.failures.map(({ retryInMs }) => retryInMs),
      [14_999, 14_999, 200],
    )
    t.ok(bench.loop.running)
  },
)

t.test('a failure of the preface counts as a failed try', async (t) => {
  const bench = new Bench(t)
  bench.loop.start(false)
  await bench.triesMade(1)
  bench.tries[0]!.succeed()
  await bench.until('the preface', () => bench.opens.length === 1)
  bench.opens[0]!.fail(new NetworkError('UR_HANDSHAKE_TIMEOUT', 'silence'))
  await bench.triesMade(2)
  t.match(bench.failures, [{ error: { code: 'UR_HANDSHAKE_TIMEOUT' } }])
})

t.test('a final failure ends it', async (t) => {
  const bench = new Bench(t)
  bench.loop.start(false)
  await bench.triesMade(1)
  bench.tries[0]!.fail(new RefusedError('UR_TOKEN_INVALID', 'no'))
  t.match(await bench.gaveUp, { code: 'UR_TOKEN_INVALID' })
  t.notOk(bench.loop.running)
})

t.test('stop gives up what is under way, silently', async (t) => {
  const bench = new Bench(t)
  bench.loop.start(false)
  await bench.triesMade(1)
  bench.loop.stop()
  t.ok(bench.tries[0]!.signal.aborted)
  bench.loop.start(false)
  await bench.triesMade(2)
  t.same(bench.failures, [])
  t.equal(bench.tries[1]!.number, 0, 'a new series')
})

t.test('hurry does not wait for the delay', async (t) => {
  const bench = new Bench(t)
  bench.loop.start(false)
  bench.now = 61_000
  bench.random = 0.9999
  await bench.triesMade(1)
  bench.tries[0]!.fail(unreachable)
  await bench.until('the failure', () => bench.failures.length === 1)
  const start = performance.now()
  bench.loop.hurry()
  await bench.triesMade(2)
  t.ok(performance.now() - start < 1000)
})

t.test('after a session that hardly lived the delays go on growing, after a good one they begin anew', async (t) => {
  const bench = new Bench(t)
  bench.random = 0.9999
  bench.loop.start(false)
  const delays: number[] = []
  for (const livedMs of [10, 10, 10, 3_000, 10]) {
    await bench.triesMade(delays.length + 1)
    bench.tries[delays.length]!.succeed()
    await bench.until('the preface', () => bench.opens.length === delays.length + 1)
    bench.opens[delays.length]!.succeed()
    await eventually('rest', async () => {
      if (bench.loop.running) throw new Error('it runs')
    })
    bench.now += livedMs
    delays.push(bench.loop.start(true))
  }
  t.same(delays, [200, 400, 800, 200, 400])
})
