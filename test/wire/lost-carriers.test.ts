import t, { type Test } from 'tap'
import { WindowBudget, type Session, type Stream } from '../../src/wire/index.js'
import { SimPair } from '../support/simulation/pair.js'

/** Takes what comes on streams that the peer opens, or on this one. */
function taken(stream: Stream): { text: string; ended: boolean } {
  const got = { text: '', ended: false }
  stream.attach({
    onData(slice) {
      got.text += slice.toString()
      stream.consumed(slice.length)
    },
    onEnd: () => (got.ended = true),
    onWritable: () => undefined,
    onClose: () => undefined,
  })
  return got
}

function opened(session: Session, text: string): Stream {
  const stream = session.open()
  stream.attach({ onData() {}, onEnd() {}, onWritable() {}, onClose() {} })
  stream.write(Buffer.from(text))
  return stream
}

function simulated(name: string, test: (t: Test, pair: SimPair) => void, options = {}): void {
  const pair = new SimPair(options)
  void t.test(name, async (t) => pair.turns.run(() => test(t, pair)))
}

simulated('each side said over the carrier that the other had lost that it lost another', (t, pair) => {
  const [one, two] = [pair.add(), pair.add()]
  pair.settle()
  const down = opened(pair.server, 'down')
  const up = opened(pair.client, 'up')
  one.cut({ up: 0, down: 0 }, { up: null, down: null })
  pair.fail(two, 'client')
  pair.fail(one, 'server')
  pair.fail(two, 'server')
  pair.fail(one, 'client')
  t.ok(pair.client.held && pair.server.held)
  pair.add()
  pair.settle()
  t.equal(pair.client.stats().lostCarriers + pair.server.stats().lostCarriers, 0)
  const got = [taken(pair.client.stream(down.id)!), taken(pair.server.stream(up.id)!)]
  t.same(
    got.map(({ text }) => text),
    ['down', 'up'],
  )
})

simulated('a side that is told twice of a loss makes it good once', (t, pair) => {
  const [one, two] = [pair.add(), pair.add()]
  pair.settle()
  const up = opened(pair.client, 'once')
  pair.fail(one, 'client', 'server')
  two.client.send(Infinity)
  two.server.receive(Infinity) // the server knows
  pair.fail(two, 'server', 'client')
  pair.add()
  pair.settle()
  t.equal(pair.server.stats().lostCarriers, 0)
  t.equal(taken(pair.server.stream(up.id)!).text, 'once')
  t.same(pair.closes, [])
})

simulated('a carrier that the server lost before its answer came is not added any more', (t, pair) => {
  pair.add()
  pair.settle()
  const late = pair.add(false)
  late.server.send(Infinity)
  late.server.fail()
  late.server.tellClose()
  pair.settle()
  t.throws(() => pair.welcome(late), { code: 'UR_WIRE_CLOSED' })
  pair.settle()
  t.same(pair.closes, [])
})

simulated('while a side says go away, a carrier that is lost is made good by another', (t, pair) => {
  const [, two] = [pair.add(), pair.add()]
  pair.settle()
  const up = opened(pair.client, 'whole')
  pair.settle()
  pair.server.goAway()
  pair.settle()
  up.end()
  pair.fail(two, 'client', 'server')
  pair.settle()
  const got = taken(pair.server.stream(up.id)!)
  t.same([got, pair.closes], [{ text: 'whole', ended: true }, []])
})

t.test('budgets', async (t) => {
  for (const last of [true, false]) {
    const pair = new SimPair({ resendBudget: new WindowBudget(1_000) })
    pair.turns.run(() => {
      const one = pair.add()
      if (!last) pair.add()
      pair.settle()
      opened(pair.client, 'x'.repeat(3_000))
      const at = pair.client.carriers.findIndex((carrier) => carrier.log?.whole !== true)
      pair.fail(last ? one : pair.links[at]!, 'client')
      pair.settle()
    })
    t.same(pair.closes, ['client UR_RESUME_BUDGET'], `a carrier with too much under way is lost, the last one: ${last}`)
  }
})

t.test('what is said while a session is held is too much for the budget', async (t) => {
  const budget = new WindowBudget(1_000)
  const pair = new SimPair({ resendBudget: budget })
  pair.turns.run(() => {
    const one = pair.add()
    pair.settle()
    pair.fail(one, 'client', 'server')
    const streams = Array.from({ length: 100 }, () => opened(pair.client, ''))
    t.ok(pair.client.held)
    const { carrier } = streams[0]!
    for (const stream of streams) carrier.control(1, 0, stream.id, 0)
    pair.add()
    pair.settle()
    t.same(pair.closes[0], 'client UR_RESUME_BUDGET')
    t.equal(pair.client.stats().kept, 0)
  })
})

t.test('a carrier that is one too many to be made good gives back what it kept', async (t) => {
  const budget = new WindowBudget(1e6)
  const pair = new SimPair({ resendBudget: budget })
  pair.turns.run(() => {
    // The server's side alone: nobody ever answers.
    for (let i = 0; i < 65 && !pair.server.closed; i++) {
      const link = pair.add(false)
      link.server.fail()
      link.server.tellClose()
    }
  })
  t.same(pair.closes, ['server UR_RESUME_FLAPPING'])
  t.equal(budget.used, 0)
})
