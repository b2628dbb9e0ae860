import t from 'tap'
import { Agent, Server } from '../support/product.js'
import { startTransferUpstream, transferBothWays } from '../support/transfer.js'

const GIB = 1024 ** 3

t.test('1 GiB each way at the same time, byte for byte', async (t) => {
  const server = await Server.start(t)
  const upstream = await startTransferUpstream(t, GIB)
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  await transferBothWays(t, agent.port(), upstream, GIB, 600_000)
})
