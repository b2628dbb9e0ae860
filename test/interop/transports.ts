import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import tls from 'node:tls'
import { Authority } from '../support/certificates.js'
import { listen, type Owner } from '../support/places.js'

const NAME = 'yamux.example.com'

/** A listener for carriers, over plain TCP or TLS. */
export interface Transport {
  readonly port: number
  /** What go-yamux needs to connect to it. */
  readonly flags: readonly string[]
  /** The next connection that comes. */
  accepted(): Promise<Socket>
  /** A connection to it, ready for use. */
  dial(): Promise<Socket>
}

export async function transport(t: Owner, kind: 'tcp' | 'tls'): Promise<Transport> {
  if (kind === 'tcp') {
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true })
    const port = await listenUntilEnd(t, server)
    const dial = async (): Promise<Socket> => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
      await once(socket, 'connect')
      return socket
    }
    return { port, flags: [], accepted: () => next(server, 'connection'), dial }
  }
  const authority = await Authority.create(t, 'interop')
  const pair = await authority.issue([NAME])
  const key = await readFile(pair.key)
  const cert = await readFile(pair.cert)
  const ca = await readFile(authority.ca)
  const server = tls.createServer({ key, cert, minVersion: 'TLSv1.3', noDelay: true })
  const port = await listenUntilEnd(t, server)
  const dial = async (): Promise<Socket> => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername: NAME, ca })
    await once(socket, 'secureConnect')
    return socket
  }
  const flags = ['-ca', authority.ca, '-name', NAME]
  return { port, flags, accepted: () => next(server, 'secureConnection'), dial }
}

async function listenUntilEnd(t: Owner, server: Server): Promise<number> {
  const port = await listen(server)
  t.teardown(() => {
    server.close()
  })
  return port
}

async function next(server: Server, event: string): Promise<Socket> {
  const [socket] = (await once(server, event)) as [Socket]
  return socket
}
