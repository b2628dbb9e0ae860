import t, { type Test } from 'tap'
import { within } from '../support/hang.js'
import { HttpProduct, hostOf } from '../support/http-product.js'
import { NamedUpstream } from '../support/http-upstream.js'
import type { Agent } from '../support/product.js'
import { SteadyLoad } from '../support/steady-load.js'

const HOST = hostOf('shop')
const POOL = ['--pool', 'round-robin']
/** Answers before and after each fault. */
const SOME = 700
/** Requests that an upstream has in the moment in which its agent is killed. */
const IN_HAND = 5

t.test('agents killed in the middle of 1,000 requests a second, another in the pool: no GET fails', async (t) => {
  const product = await HttpProduct.start(t)
  const [a, b] = await Promise.all([NamedUpstream.start(t, 'a', 20), NamedUpstream.start(t, 'b', 20)])
  const start = ({ port }: NamedUpstream) => product.agent(t, port, 'shop', POOL)
  const kill = async (agent: Agent, { name, busy }: NamedUpstream) => {
    await load.more(SOME)
    await within(`requests at ${name}`, busy(IN_HAND))
    await agent.process.stop('SIGKILL')
    await load.more(SOME)
  }
  const [first, second] = await Promise.all([start(a), start(b)])
  const load = SteadyLoad.start(product, HOST)
  await kill(first, a)
  const before = a.total
  await start(a)
  await kill(second, b)
  t.ok(a.total >= before + SOME, 'the agent that took the place of the first has requests')
  await noneFailed(t, load)
})

for (const [signal, what] of [
  ['SIGTERM', 'stopped'],
  ['SIGKILL', 'killed'],
] as const) {
  t.test(`the only agent ${what} and started again under load, with --hold 10s: no GET fails`, async (t) => {
    const product = await HttpProduct.start(t)
    const a = await NamedUpstream.start(t, 'a', 20)
    const start = () => product.agent(t, a.port, 'shop', ['--hold', '10s'])
    let agent = await start()
    const load = SteadyLoad.start(product, HOST)
    for (let i = 0; i < 2; i++) {
      await load.more(SOME)
      await within('requests at the upstream', a.busy(IN_HAND))
      await agent.process.stop(signal)
      agent = await start()
    }
    await load.more(SOME)
    await noneFailed(t, load)
  })
}

t.test('a POST whose agent is killed while the upstream has it is not sent to another', async (t) => {
  const product = await HttpProduct.start(t, { config: { limits: { resume_timeout: '1s' } } })
  const [a, b] = await Promise.all([NamedUpstream.start(t, 'a', 60_000), NamedUpstream.start(t, 'b', 0)])
  const first = await product.agent(t, a.port, 'shop', POOL)
  const answer = product.call(HOST, '/order', { method: 'POST' })
  await within('the order', a.busy(1))
  await product.agent(t, b.port, 'shop', POOL)
  first.process.kill('SIGKILL')
  t.match(await answer, { status: 502, headers: { 'x-uniroute-error': 'UR_AGENT_GONE' } })
  t.equal(b.total, 0, 'nobody ordered twice')
  t.match(await product.call(HOST, '/order', { method: 'POST' }), { status: 200, body: 'b' })
})

async function noneFailed(t: Test, load: SteadyLoad): Promise<void> {
  const rate = await load.stop()
  t.same(load.failures, [])
  t.comment(`${load.answered} answers, ${rate} a second`)
}
