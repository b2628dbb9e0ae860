import t from 'tap'
import fc from 'fast-check'
import { CircuitBreaker, type CircuitBreakerOptions, type Permit } from '../../../src/access/visitor-rules/index.js'
import { TestClock } from './support.js'

function circuit(options: Partial<CircuitBreakerOptions> = {}) {
  const clock = new TestClock()
  const breaker = new CircuitBreaker({ clock, threshold: 0.5, ...options })
  const admit = (): Permit => {
    const permit = breaker.admit()
    if (typeof permit !== 'number') throw new Error(`was refused: ${permit.code}`)
    return permit
  }
  const requests = (count: number, outcome: 'ok' | 'failed' | 'abandoned') => {
    for (let i = 0; i < count; i++) breaker.settle(admit(), outcome)
  }
  return { clock, breaker, admit, requests }
}

const REFUSED = { code: 'UR_CIRCUIT_OPEN' }

t.test('it opens when the share of failures is reached, and not before enough were seen', async (t) => {
  const { breaker, requests } = circuit()
  requests(9, 'failed')
  t.equal(breaker.state, 'closed', 'nine are too few')
  requests(1, 'failed')
  t.equal(breaker.state, 'open')
  t.same(breaker.admit(), { ...REFUSED, headers: { 'retry-after': '10' } })
  t.equal(breaker.trips, 1)
  t.equal(breaker.refused, 1)
})

t.test('below the share it stays closed', async (t) => {
  const { breaker, requests } = circuit()
  for (let i = 0; i < 50; i++) {
    requests(2, 'ok')
    requests(1, 'failed')
  }
  t.equal(breaker.state, 'closed')
  requests(50, 'failed')
  t.equal(breaker.state, 'open')
})

t.test('a share of 1 is every request', async (t) => {
  const { breaker, requests } = circuit({ threshold: 1 })
  requests(1, 'ok')
  requests(100, 'failed')
  t.equal(breaker.state, 'closed')
})

t.test('old failures do not count', async (t) => {
  const { breaker, clock, requests } = circuit()
  for (let i = 0; i < 20; i++) {
    requests(4, 'failed')
    clock.time += 5_000
  }
  t.equal(breaker.state, 'closed', 'eight in any ten seconds')
  clock.time += 1e9
  requests(9, 'failed')
  t.equal(breaker.state, 'closed')
  clock.time += 4_000
  requests(1, 'failed')
  t.equal(breaker.state, 'open')
})

t.test('after its rest one request tries, and its success closes it', async (t) => {
  const { breaker, clock, admit, requests } = circuit()
  requests(10, 'failed')
  clock.time += 9_999
  t.match(breaker.admit(), { ...REFUSED, headers: { 'retry-after': '1' } })
  clock.time += 1
  t.equal(breaker.state, 'half-open')
  const probe = admit()
  t.match(breaker.admit(), REFUSED, 'only one')
  breaker.settle(probe, 'ok')
  t.equal(breaker.state, 'closed')
  requests(9, 'failed')
  t.equal(breaker.state, 'closed', 'with a clean slate')
})

t.test('its failure opens it again for the whole time', async (t) => {
  const { breaker, clock, admit, requests } = circuit()
  requests(10, 'failed')
  clock.time += 60_000
  breaker.settle(admit(), 'failed')
  t.equal(breaker.state, 'open')
  t.match(breaker.admit(), { headers: { 'retry-after': '10' } })
  t.equal(breaker.trips, 2)
})

t.test('a try that shows nothing makes room for another', async (t) => {
  const { breaker, clock, admit, requests } = circuit()
  requests(10, 'failed')
  clock.time += 10_000
  breaker.settle(admit(), 'abandoned')
  t.equal(breaker.state, 'half-open')
  breaker.settle(admit(), 'ok')
  t.equal(breaker.state, 'closed')
})

t.test('visitors who leave count neither way', async (t) => {
  const { breaker, requests } = circuit()
  requests(1000, 'abandoned')
  requests(9, 'failed')
  t.equal(breaker.state, 'closed')
  requests(1, 'failed')
  t.equal(breaker.state, 'open')
})

t.test('requests of an earlier phase change nothing', async (t) => {
  const { breaker, clock, admit, requests } = circuit()
  const early = [admit(), admit(), admit()]
  requests(10, 'failed')
  breaker.settle(early[0]!, 'ok')
  t.equal(breaker.state, 'open', 'a late success does not close it')
  clock.time += 10_000
  const probe = admit()
  breaker.settle(early[1]!, 'failed')
  t.equal(breaker.state, 'half-open', 'a late failure is not that of the try')
  breaker.settle(probe, 'ok')
  breaker.settle(early[2]!, 'failed')
  t.equal(breaker.state, 'closed')
})

t.test('several may try at once', async (t) => {
  const { breaker, clock, admit, requests } = circuit({ probes: 3 })
  requests(10, 'failed')
  clock.time += 10_000
  const probes = [admit(), admit(), admit()]
  t.match(breaker.admit(), REFUSED)
  breaker.settle(probes[0]!, 'failed')
  t.equal(breaker.state, 'open')
  breaker.settle(probes[1]!, 'ok')
  t.equal(breaker.state, 'open', 'the others are of an earlier phase')
})

t.test('whatever happens: while closed there were too few failures, and open always ends', async (t) => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<'ok' | 'failed' | 'abandoned'>('ok', 'failed', 'abandoned') },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 15_000 }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { breaker, clock } = circuit()
      let recent: { at: number; failed: boolean }[] = []
      for (const each of steps) {
        if (typeof each === 'number') {
          clock.time += each
          continue
        }
        const { state } = breaker
        const permit = breaker.admit()
        if (typeof permit !== 'number') {
          if (state !== 'open') return false
          continue
        }
        if (state === 'open') return false
        breaker.settle(permit, each)
        if (state !== breaker.state) recent = []
        else if (each !== 'abandoned') recent.push({ at: clock.time, failed: each === 'failed' })
        // what is surely inside the window: the slots are a tenth of it
        const inside = recent.filter(({ at }) => at > clock.time - 9_000)
        const failures = inside.filter(({ failed }) => failed).length
        if (
          breaker.state === 'closed' &&
          inside.length === recent.length &&
          inside.length >= 10 &&
          failures * 2 >= inside.length
        )
          return false
      }
      clock.time += 10_000
      return breaker.state !== 'open'
    }),
  )
})
