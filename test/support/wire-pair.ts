import { createHash, randomBytes } from 'node:crypto'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { Session, streamToDuplex, type SessionEvents, type SessionOptions, type Stream } from '../../src/wire/index.js'

/** Two connected sockets on loopback. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true })
  const [accepted] = (await once(server, 'connection')) as [Socket]
  if (client.connecting) await once(client, 'connect')
  server.close()
  return [client, accepted]
}

export interface SessionEnd {
  session: Session
  /** Streams that the peer opened, in order. */
  streams: Stream[]
  /** Resolves with the next stream that the peer opens. */
  nextStream(): Promise<Stream>
  closed: Promise<Error | null>
}

/** One side of a session over a socket. */
export function sessionEnd(
  role: 'client' | 'server',
  sockets: Socket[],
  options: Partial<SessionOptions> = {},
  events: Partial<SessionEvents> = {},
): SessionEnd {
  const streams: Stream[] = []
  const waiting: ((stream: Stream) => void)[] = []
  let taken = 0
  let closedWith: (error: Error | null) => void
  const closed = new Promise<Error | null>((resolve) => (closedWith = resolve))
  const session = new Session(role, options, {
    onStream(stream) {
      streams.push(stream)
      events.onStream?.(stream)
      if (waiting.length > 0) {
        taken++
        waiting.shift()!(stream)
      }
    },
    onCarrierClose: (carrier, error) => events.onCarrierClose?.(carrier, error),
    onHold: (error) => events.onHold?.(error),
    onResume: () => events.onResume?.(),
    onGoAway: (code, last) => events.onGoAway?.(code, last),
    onClose(error) {
      events.onClose?.(error)
      closedWith(error)
    },
  })
  for (const socket of sockets) session.addCarrier(socket)
  return {
    session,
    streams,
    closed,
    nextStream() {
      if (taken < streams.length) return Promise.resolve(streams[taken++]!)
      return new Promise((resolve) => waiting.push(resolve))
    },
  }
}

/** An agent's and a server's end, joined by `carriers` TCP connections on loopback. */
export async function sessionPair(
  options: { client?: Partial<SessionOptions>; server?: Partial<SessionOptions>; carriers?: number } = {},
): Promise<{ client: SessionEnd; server: SessionEnd }> {
  const pairs: [Socket, Socket][] = []
  for (let i = 0; i < (options.carriers ?? 1); i++) pairs.push(await socketPair())
  return {
    client: sessionEnd(
      'client',
      pairs.map(([a]) => a),
      options.client,
    ),
    server: sessionEnd(
      'server',
      pairs.map(([, b]) => b),
      options.server,
    ),
  }
}

/** Two connected sockets on loopback with a path of `delayMs` each way between them. */
export async function farSocketPair(delayMs: number): Promise<[Socket, Socket]> {
  const [a, nearA] = await socketPair()
  const [nearB, b] = await socketPair()
  const carry = (from: Socket, to: Socket): void => {
    from.on('data', (chunk: Buffer) => void setTimeout(() => to.write(chunk), delayMs))
    from.on('end', () => void setTimeout(() => to.end(), delayMs))
    from.on('error', () => to.destroy())
    from.on('close', () => void setTimeout(() => to.destroy(), delayMs))
    from.resume()
  }
  carry(nearA, nearB)
  carry(nearB, nearA)
  return [a, b]
}

/**
 * Sends `total` random bytes over a new stream, in chunks of random sizes up to `chunkMost`, and ends both directions.
 * Resolves when the stream is closed. `onChunk` is told how many bytes are left after each chunk.
 */
export async function pumpRandom(
  opener: SessionEnd,
  acceptor: SessionEnd,
  { total, chunkMost, onChunk }: { total: number; chunkMost: number; onChunk?: (left: number) => void },
): Promise<{ sent: string; got: string; size: number }> {
  const out = streamToDuplex(opener.session.open()).resume()
  const closed = once(out, 'close')
  const sent = createHash('sha256')
  const got = createHash('sha256')
  const sending = (async () => {
    for (let left = total; left > 0;) {
      const chunk = randomBytes(Math.min(left, 1 + Math.floor(Math.random() * chunkMost)))
      left -= chunk.length
      sent.update(chunk)
      if (!out.write(chunk)) await once(out, 'drain')
      onChunk?.(left)
    }
    out.end()
  })()
  const incoming = streamToDuplex(await acceptor.nextStream())
  let size = 0
  for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    got.update(chunk)
  }
  incoming.end()
  await sending
  await closed
  return { sent: sent.digest('hex'), got: got.digest('hex'), size }
}
