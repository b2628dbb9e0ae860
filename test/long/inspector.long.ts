import { Agent as HttpsAgent } from 'node:https'
import t from 'tap'
import type { ExchangePage, InspectorStatus } from '../../src/inspector/contract.js'
import { HttpProduct, hostOf } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'
import { residentBytes } from '../support/memory.js'

const REQUESTS = Number(process.env['INSPECTOR_REQUESTS'] ?? 1_000_000)
const AT_ONCE = 16
const MIB = 1024 ** 2
/** What is kept, twice for the heap, what is under way, and what an agent at work takes anyhow. */
const GROWTH = 2 * 50 * MIB + 8 * MIB + 96 * MIB

t.test(
  `${REQUESTS} requests through a tunnel that is inspected stay within its memory`,
  { timeout: 3_600_000 },
  async (t) => {
    const product = await HttpProduct.start(t)
    const text = 'a word of 1,024 bytes in all '.padEnd(1_024, '. ')
    const { port } = await upstream(t, (request, response) => {
      request.resume()
      response.end(text)
    })
    const agent = await product.agent(t, port, 'many', ['--inspect-addr', '127.0.0.1:0'])
    const { pid } = agent.process
    const kept = new HttpsAgent({ keepAlive: true, maxSockets: AT_ONCE })
    const send = (i: number) =>
      product.call(
        hostOf('many'),
        `/${i}?token=${i}`,
        { method: 'POST', headers: { authorization: `Bearer ${i}` }, body: `{"n":${i}}` },
        kept,
      )
    await send(0)
    const before = await residentBytes(pid)
    let next = 1
    let failed = 0
    let most = 0
    const worker = async (): Promise<void> => {
      while (next < REQUESTS) {
        const { status } = await send(next++)
        if (status !== 200) failed++
        if (next % 1_000 === 0) most = Math.max(most, await residentBytes(pid))
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    kept.destroy()
    t.equal(failed, 0)
    const url = String(agent.process.events.find(({ event }) => event === 'ready')?.['inspector'])
    const { capture } = (await (await fetch(`${url}/api/inspect/status`)).json()) as InspectorStatus
    const { exchanges } = (await (await fetch(`${url}/api/inspect/exchanges?limit=1`)).json()) as ExchangePage
    t.ok(capture.bytes <= capture.limitBytes, `${capture.bytes} bytes are kept`)
    t.ok(capture.exchanges + capture.forgotten >= REQUESTS || capture.missedBytes > 0, 'all were seen')
    t.match(exchanges, [{ method: 'POST', status: 200, target: /token=\[redacted\]/ }])
    t.ok(most - before < GROWTH, `it grew by ${((most - before) / MIB).toFixed(0)} MiB`)
    t.comment(`${capture.exchanges} kept, ${capture.forgotten} forgotten, ${capture.missedBytes} bytes missed`)
  },
)
