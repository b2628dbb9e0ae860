import net from 'node:net'
import type { Owner } from './places.js'

/** One piece of a connection, as it passed. */
export interface Piece {
  readonly toUpstream: boolean
  readonly bytes: Buffer
}

/** A relay on a free port of loopback that writes down what passes, in its order. */
export async function recordConnection(owner: Owner, upstreamPort: number): Promise<{ port: number; pieces: Piece[] }> {
  const pieces: Piece[] = []
  const server = net.createServer((visitor) => {
    const upstream = net.connect(upstreamPort, '127.0.0.1')
    visitor.on('data', (bytes: Buffer) => pieces.push({ toUpstream: true, bytes }))
    upstream.on('data', (bytes: Buffer) => pieces.push({ toUpstream: false, bytes }))
    visitor.pipe(upstream).pipe(visitor)
    for (const socket of [visitor, upstream]) socket.on('error', () => socket.destroy())
    owner.teardown(() => [visitor, upstream].forEach((socket) => socket.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  owner.teardown(() => server.close())
  return { port: (server.address() as net.AddressInfo).port, pieces }
}
