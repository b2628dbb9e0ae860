import t from 'tap'
import { VERSIONS } from '../support/curl.js'
import { EventSourceUpstream, EventStream } from '../support/event-stream.js'
import { HttpProduct, hostOf } from '../support/http-product.js'

const EVENTS = 5_000
/** Within so many ms the event of 99 in 100 has to be here. */
const IN_TIME_MS = 50

t.test('server-sent events arrive at once', async (t) => {
  const product = await HttpProduct.start(t)
  const source = await EventSourceUpstream.start(t)
  await product.agent(t, source.port, 'live')
  for (const version of VERSIONS) {
    const stream = await EventStream.open(product, hostOf('live'), version)
    const times: number[] = []
    for (let i = 0; i < EVENTS; i++) {
      const start = performance.now()
      source.send(String(i))
      await stream.next()
      times.push(performance.now() - start)
    }
    times.sort((a, b) => a - b)
    const [middle = Infinity, late = Infinity, last = Infinity] = [0.5, 0.99, 1].map(
      (p) => times[Math.ceil(p * EVENTS) - 1],
    )
    t.ok(
      late < IN_TIME_MS,
      `by HTTP/${version}: p50 ${middle.toFixed(2)}, p99 ${late.toFixed(2)}, worst ${last.toFixed(2)} ms`,
    )
    source.end()
    await stream.end
  }
})
