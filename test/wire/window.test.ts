import fc from 'fast-check'
import t from 'tap'
import { ReceiveWindow, SendWindow, WindowBudget, INITIAL_WINDOW } from '../../src/wire/index.js'
import { windowTooSmall } from '../../src/wire/window.js'

const MAX = 16 * 1024 * 1024

const step = fc.oneof(
  fc.record({ do: fc.constant('send' as const), bytes: fc.nat(600_000) }),
  fc.record({ do: fc.constant('consume' as const), bytes: fc.nat(600_000) }),
  fc.record({ do: fc.constant('grow' as const), bytes: fc.constant(0) }),
  fc.record({ do: fc.constant('shrink' as const), bytes: fc.nat(16 * 1024 * 1024) }),
  fc.record({ do: fc.constant('share' as const), bytes: fc.integer({ min: 2, max: 16 }) }),
  fc.record({ do: fc.constant('deliver update' as const), bytes: fc.constant(0) }),
)

t.test('whatever the two sides do, credit is never negative and never above the window', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.nat(8 * 1024 * 1024), (steps, budgetSize) => {
      const sender = new SendWindow()
      const receiver = new ReceiveWindow()
      const budget = new WindowBudget(budgetSize)
      const underWay: number[] = []
      let borrowed = 0
      let shrunk = false
      for (const { do: what, bytes } of steps) {
        if (what === 'send') {
          const sent = Math.min(bytes, sender.credit)
          sender.sent += sent
          if (!receiver.receive(sent)) return false
        } else if (what === 'consume') {
          if (receiver.consume(bytes)) {
            const delta = receiver.refill()
            if (delta < receiver.size * receiver.share) return false
            underWay.push(delta)
          }
        } else if (what === 'grow') {
          borrowed += receiver.grow(Math.min(MAX, 2 * receiver.size), budget)
        } else if (what === 'shrink') {
          const less = receiver.shrink(bytes)
          budget.give(less)
          borrowed -= less
          shrunk ||= less > 0
        } else if (what === 'share') {
          receiver.share = 1 / bytes
        } else {
          const delta = underWay.shift()
          if (delta !== undefined && !sender.grant(delta)) return false
        }
        const granted = underWay.reduce((sum, delta) => sum + delta, 0)
        const open = receiver.limit - receiver.received
        if (sender.credit < 0 || sender.credit + granted !== open) return false
        if (open < 0 || open > (shrunk ? MAX : receiver.size) || receiver.size > MAX) return false
        if (receiver.consumed > receiver.received) return false
        if (borrowed !== budget.used || borrowed > budgetSize || receiver.size !== INITIAL_WINDOW + borrowed)
          return false
      }
      return true
    }),
    { numRuns: 2_000, seed: 3 },
  )
})

t.test('a receiver that keeps consuming never lets the sender stall for ever', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 100 }), (sizes) => {
      const sender = new SendWindow()
      const receiver = new ReceiveWindow()
      for (const size of sizes) {
        let left = size
        while (left > 0) {
          const sent = Math.min(left, sender.credit)
          if (sent === 0) return false
          left -= sent
          sender.sent += sent
          receiver.receive(sent)
          if (receiver.consume(sent)) sender.grant(receiver.refill())
        }
      }
      return sender.sent === receiver.received
    }),
    { numRuns: 500, seed: 4 },
  )
})

t.test('bytes beyond the window are refused and not booked', async (t) => {
  const window = new ReceiveWindow()
  t.equal(window.receive(INITIAL_WINDOW), true)
  t.equal(window.receive(1), false)
  t.equal(window.received, INITIAL_WINDOW)
})

t.test('a grant that passes 2^32-1 is refused', async (t) => {
  const window = new SendWindow()
  t.equal(window.grant(0xffffffff - INITIAL_WINDOW), true)
  t.equal(window.grant(1), false)
})

t.test('an update is due at half a window, not before', async (t) => {
  const window = new ReceiveWindow()
  window.receive(INITIAL_WINDOW)
  t.equal(window.consume(INITIAL_WINDOW / 2 - 1), false)
  t.equal(window.consume(1), true)
  t.equal(window.refill(), INITIAL_WINDOW / 2)
  t.equal(window.refill(), 0)
})

t.test('a budget is taken whole or not at all, in the parent too', async (t) => {
  const process = new WindowBudget(100)
  const a = new WindowBudget(80, process)
  const b = new WindowBudget(80, process)
  t.equal(a.take(80), true)
  t.equal(b.take(30), false)
  t.equal(b.used, 0)
  t.equal(process.used, 80)
  a.give(80)
  t.equal(b.take(30), true)
  t.equal(process.used, 30)
})

t.test(
  'a window grows for a long path, losses included, and stays small where only a queue would fill it',
  async (t) => {
    const timeOf = (window: number, bytesPerSecond: number): number => (window / bytesPerSecond) * 1000
    const MiB = 1024 * 1024
    t.equal(windowTooSmall(timeOf(8 * MiB, 60e6), 50), true, '500 Mbit/s at 50 ms: up to 16 MiB')
    t.equal(windowTooSmall(timeOf(8 * MiB, 35e6), 50), true, 'the same path at half the rate, for losses')
    t.equal(windowTooSmall(timeOf(MiB, 500e6), 0.1), true, 'loopback')
    t.equal(windowTooSmall(timeOf(4 * MiB, 500e6), 0.1), false, 'loopback: more would be queue')
    t.equal(windowTooSmall(1, null), false, 'nothing is known yet')
  },
)
