import t from 'tap'
import { systemClock } from '../../src/core/clock.js'
import { Pace } from '../../src/core/pace.js'
import { within } from '../support/hang.js'

const KB = 1000

/** Moves so many bytes, a step in each turn. */
function move(
  pace: Pace,
  bytes: number,
  step: number,
  moved: (bytes: number) => void = () => undefined,
): Promise<void> {
  return new Promise((resolve) => {
    let left = bytes
    const turn = (): void => {
      if (left > 0 && pace.open) {
        pace.spend(step)
        moved(step)
        left -= step
      }
      if (left > 0) pace.wait(turn)
      else resolve()
    }
    turn()
  })
}

// A timer that fires early or late must not matter; that it fires at all keeps the test alive.
const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))

t.test('no more passes than the rate and what may pass at once', async (t) => {
  const pace = new Pace(systemClock, 2_000 * KB)
  const start = systemClock.now()
  await within('the bytes', move(pace, 1_000 * KB, 10 * KB))
  const atOnce = 200 * KB
  const ms = systemClock.now() - start
  t.ok(ms >= ((1_000 - 10) * KB - atOnce) / (2 * KB), `${ms} ms`)
})

t.test('what passed although it was closed is made good', async (t) => {
  const pace = new Pace(systemClock, 2_000 * KB)
  const start = systemClock.now()
  pace.spend(1_000 * KB)
  t.notOk(pace.open)
  await within('a turn', new Promise<void>((resolve) => pace.wait(resolve)))
  t.ok(systemClock.now() - start >= 400, 'not before')
})

t.test('those who share it come in turn', async (t) => {
  const pace = new Pace(systemClock, 1_000 * KB)
  const moved = [0, 0, 0]
  const all = moved.map((_, i) =>
    move(pace, 200 * KB, 10 * KB, (bytes) => {
      moved[i]! += bytes
      const others = moved.filter((_, j) => j !== i)
      if (moved[i]! > Math.min(...others) + 10 * KB) t.fail(`${i} is ahead: ${moved.join(' ')}`)
    }),
  )
  await within('all of them', Promise.all(all))
  t.same(moved, [200 * KB, 200 * KB, 200 * KB])
})

t.test('another rate counts at once, also for those who wait', async (t) => {
  const pace = new Pace(systemClock, 1)
  pace.spend(100 * KB)
  const turn = new Promise<void>((resolve) => pace.wait(resolve))
  pace.rate = 100_000 * KB
  t.equal(pace.rate, 100_000 * KB)
  await within('the turn', turn)
})

t.test(
  'who waits alone has turn after turn, until all that may pass did; who comes meanwhile has none before',
  async (t) => {
    const clock = { time: 0, now: () => clock.time }
    const pace = new Pace(clock, 100_000 * KB)
    pace.spend(10_000 * KB + 1)
    t.equal(pace.free, false, 'nothing may pass')
    let [turns, done] = [0, () => {}]
    const turn = (): void => {
      pace.spend(64 * KB)
      if (turns++ === 0) setImmediate(done)
      if (turns < 200) pace.wait(turn)
    }
    pace.wait(turn)
    clock.time += 50
    t.equal(pace.open, true)
    t.equal(pace.free, false, 'it is the turn of whoever waits')
    await within('the turns', new Promise<void>((resolve) => (done = resolve)))
    t.equal(turns, Math.ceil(5_000 / 64), 'what came due in 50 ms, when the timer fired once')
  },
)
