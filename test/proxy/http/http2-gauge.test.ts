import t from 'tap'
import { FloodGauge } from '../../../src/proxy/http/http2/flood-gauge.js'

const MIB = 1024 ** 2
const CHUNK = 64 * 1024
const still = { now: () => 0 }

/** How many bytes may come that are of no use. */
function bytesUntilFlood(gauge: FloodGauge): number {
  let bytes = 0
  while (bytes < 64 * MIB && gauge.came(CHUNK, 0)) bytes += CHUNK
  return bytes
}

t.test('what is under way of refused bodies may come after other requests were served', async (t) => {
  const gauge = new FloodGauge(still)
  gauge.refusedBody()
  gauge.refusedBody()
  gauge.served(100)
  t.ok(bytesUntilFlood(gauge) >= 2 * MIB)
})

t.test('no more than the window of the connection is under way, however many bodies are refused', async (t) => {
  const gauge = new FloodGauge(still)
  for (let i = 0; i < 1_000; i++) gauge.refusedBody()
  t.ok(bytesUntilFlood(gauge) <= 3 * MIB)
})

t.test('bytes that serve a request never make up for more than a burst', async (t) => {
  const gauge = new FloodGauge(still)
  for (let i = 0; i < 1_000; i++) gauge.served(CHUNK)
  t.ok(bytesUntilFlood(gauge) <= MIB)
})
