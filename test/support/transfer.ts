import { once } from 'node:events'
import type { Test } from 'tap'
import { within } from './hang.js'
import type { Owner } from './places.js'
import { drain, pump, RandomSource, startUpstream, visit, type Sum, type Upstream } from './pumps.js'

/** An upstream that sends `bytes` random bytes and at the same time sums what it gets. */
export interface TransferUpstream extends Upstream {
  /** Settles when its one connection is done both ways. */
  readonly done: Promise<{ sent: Sum; received: Sum }>
}

/** Starts an upstream for one connection that sends and receives at once. */
export async function startTransferUpstream(t: Owner, bytes: number): Promise<TransferUpstream> {
  let settle: (result: Promise<{ sent: Sum; received: Sum }>) => void
  const done = new Promise<{ sent: Sum; received: Sum }>((resolve) => (settle = resolve))
  done.catch(() => undefined)
  const upstream = await startUpstream(t, (socket) => {
    const both = Promise.all([pump(socket, new RandomSource(bytes)), drain(socket)])
    settle(both.then(([sent, received]) => ({ sent, received })))
  })
  return { ...upstream, done }
}

/** Sends `bytes` through `port` while the upstream sends as many back, and compares the sums of both ends. */
export async function transferBothWays(
  t: Test,
  port: number,
  upstream: TransferUpstream,
  bytes: number,
  ms: number,
): Promise<void> {
  const visitor = await visit(port)
  const both = Promise.all([pump(visitor, new RandomSource(bytes)), drain(visitor), upstream.done])
  const [sent, received, far] = await within(`${bytes} bytes each way`, both, ms)
  t.same(far.received, sent, 'the upstream got what the visitor sent')
  t.same(received, far.sent, 'the visitor got what the upstream sent')
  if (!visitor.destroyed) await within('the connection to close', once(visitor, 'close'))
}
