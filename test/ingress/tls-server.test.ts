import { readFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { TlsServer } from '../../src/ingress/tls-server.js'
import { Authority } from '../support/certificates.js'
import { within } from '../support/hang.js'
import { listen } from '../support/places.js'

async function served(t: Test) {
  const authority = await Authority.create(t, 'tls server')
  const pem = async () => {
    const pair = await authority.issue(['localhost'])
    const [cert, key] = await Promise.all([readFile(pair.cert), readFile(pair.key)])
    return { cert, key }
  }
  const server = new TlsServer<null>({
    contextFor: () => null,
    defaultPem: await pem(),
    handshakeTimeoutMs: 10_000,
    alpn: ['http/1.1'],
    minVersion: 'TLSv1.2',
    onSecure: (socket) => void socket.end('hello'),
    onFailure: (_error, socket) => socket.destroy(),
  })
  const port = createServer({ pauseOnConnect: false }, (socket: Socket) => server.take(socket, null))
  const at = await listen(port)
  t.teardown(() => port.close())
  const ca = await readFile(authority.ca)
  /** A connection that resumes `session`, if there is one: whether it was, its certificate, and a session to resume. */
  const visit = (version: 'TLSv1.2' | 'TLSv1.3', session?: Buffer) =>
    within(
      'a connection',
      new Promise<{ reused: boolean; serial: string; session: Buffer }>((resolve, reject) => {
        const versions = { minVersion: version, maxVersion: version } as const
        const options = { host: '127.0.0.1', port: at, servername: 'localhost', ca, ...versions }
        const socket: TLSSocket = connect(session === undefined ? options : { ...options, session })
        let ticket: Buffer = Buffer.alloc(0)
        socket.on('session', (given: Buffer) => (ticket = given))
        socket.on('error', reject)
        const serial = () => socket.getPeerX509Certificate()?.serialNumber ?? ''
        socket.once('secureConnect', () => {
          const [reused, number] = [socket.isSessionReused(), serial()]
          socket.resume().once('end', () => resolve({ reused, serial: number, session: ticket }))
        })
      }),
    )
  return { server, pem, visit }
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(
    `${version}: sessions are resumed, also across an exchange of the certificate, until the keys change`,
    async (t) => {
      const { server, pem, visit } = await served(t)
      const first = await visit(version)
      t.notOk(first.reused)
      t.ok((await visit(version, first.session)).reused)

      server.setDefault(await pem())
      t.ok((await visit(version, first.session)).reused, 'the old session, after a renewal')
      const renewed = await visit(version)
      t.not(renewed.serial, first.serial)

      server.rotateTicketKeys()
      t.notOk((await visit(version, renewed.session)).reused)
      const last = await visit(version)
      t.ok((await visit(version, last.session)).reused, 'and so on with the new keys')
      server.setDefault(await pem())
      t.ok((await visit(version, last.session)).reused)
    },
  )
}
