import { once } from 'node:events'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { readFile } from 'node:fs/promises'
import { connect, type ConnectionOptions, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import type { CertificateSource } from '../../../src/agent/terminate/api.js'
import { TlsFront } from '../../../src/agent/terminate/tls-front.js'
import { systemClock, type Clock } from '../../../src/core/clock.js'
import { Authority } from '../../support/certificates.js'
import { within } from '../../support/hang.js'
import { listen } from '../../support/places.js'
import { closing, HOST } from './support.js'

interface Made {
  readonly port: number
  /** A visitor's handshake. */
  visit(options?: ConnectionOptions): TLSSocket
  /** Why visitors were not served. */
  readonly failures: unknown[]
  /** Settles with the next of them. */
  failed(): Promise<void>
  readonly authority: Authority
  context(): Promise<SecureContext>
}

/** A front at a port, so that visitors are real ones. It answers each with one word. */
async function frontOf(
  t: Test,
  contextFor: CertificateSource['contextFor'],
  { clock = systemClock, handshakeMs = 5_000 }: { clock?: Clock; handshakeMs?: number } = {},
): Promise<Made> {
  const authority = await Authority.create(t, 'authority')
  const ca = await readFile(authority.ca)
  const failures: unknown[] = []
  let onFailure = (): void => undefined
  const made: Omit<Made, 'port'> = {
    authority,
    failures,
    failed: () => new Promise((resolve) => (onFailure = resolve)),
    context: async () => {
      const { cert, key } = await authority.issue([HOST])
      return createSecureContext({ cert: await readFile(cert), key: await readFile(key) })
    },
    visit: (options = {}) => {
      const socket = connect({ host: '127.0.0.1', port, servername: HOST, ca, ...options })
      t.teardown(() => socket.destroy())
      return socket.on('error', () => undefined)
    },
  }
  const certificates: CertificateSource = {
    contextFor,
    challengeFor: () => Promise.resolve(null),
    bound: () => undefined,
    close: () => undefined,
  }
  const front = new TlsFront({ certificates, alpn: [], clock, handshakeMs })
  const address = { address: '192.0.2.1', port: 1, serverAddress: '192.0.2.2', serverPort: 443 }
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket: Socket) => {
    const done = (error: unknown): void => {
      if (error !== null) failures.push(error)
      onFailure()
    }
    front.take(socket, { ...address, sni: HOST, alpn: '', connectionId: 'c' }, done, (secure) => secure.write('word'))
  })
  const port = await listen(server)
  t.teardown(() => server.close())
  return { ...made, port }
}

t.test('a visitor waits for the certificate, and no longer than a handshake may take', async (t) => {
  let come = (_context: SecureContext): void => undefined
  const coming = new Promise<SecureContext>((resolve) => (come = resolve))
  const made = await frontOf(t, () => coming, { handshakeMs: 400 })
  const failed = made.failed()
  const early = made.visit()
  const closed = closing(early)
  await within('the end of his patience', failed)
  await within('the end of the connection', closed)
  t.match(made.failures, [{ code: 'UR_VISITOR_TLS', message: /timeout/i }])
  const waiting = made.visit()
  come(await made.context())
  const [word] = (await within('a word', once(waiting, 'data'))) as [Buffer]
  t.equal(word.toString(), 'word')
})

t.test('without a certificate, and with bytes that are no TLS', async (t) => {
  const made = await frontOf(t, () => null)
  const visitor = made.visit()
  const [error] = (await within(
    'an alert',
    once(visitor, 'error').catch((cause: Error) => [cause]),
  )) as [Error]
  t.match(error.message, /handshake failure/)
  t.match(made.failures, [{ code: 'UR_CERT_NONE_YET' }])
  const failed = made.failed()
  const plain = connectTcp({ host: '127.0.0.1', port: made.port })
  plain.on('error', () => undefined).write('GET / HTTP/1.1\r\n\r\n')
  await within('the end', failed)
  t.match(made.failures[1], { code: 'UR_VISITOR_TLS' })
  plain.destroy()
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(
    `${maxVersion}: sessions are resumed across an exchange of the certificate, until the keys change`,
    async (t) => {
      let now = 0
      const clock: Clock = { ...systemClock, now: () => now }
      let context: SecureContext | null = null
      const made = await frontOf(t, () => context, { clock })
      context = await made.context()
      const session = async (before?: Buffer): Promise<{ reused: boolean; ticket: Buffer }> => {
        const socket = made.visit({ maxVersion, ...(before && { session: before }) })
        const ticket = once(socket, 'session') as Promise<[Buffer]>
        await within('a word', once(socket, 'data'))
        const reused = socket.isSessionReused()
        const [fresh] = before !== undefined && reused ? [before] : await within('a ticket', ticket)
        socket.destroy()
        return { reused, ticket: fresh }
      }
      const first = await session()
      t.equal(first.reused, false)
      const second = await session(first.ticket)
      t.equal(second.reused, true)
      context = await made.context()
      const third = await session(second.ticket)
      t.equal(third.reused, true)
      now += 3_600_001
      t.equal((await session(third.ticket)).reused, false)
    },
  )
}

t.test('many handshakes at once, of which some are broken off', async (t) => {
  const made = await frontOf(t, () => context)
  const context = await made.context()
  const visits = Array.from({ length: 100 }, async (_, i) => {
    const socket = made.visit()
    if (i % 5 === 0) {
      setImmediate(() => socket.destroy())
      return closing(socket)
    }
    await once(socket, 'data')
    socket.destroy()
    return undefined
  })
  await within('all of them', Promise.all(visits))
  t.ok(made.failures.length <= 20, `${made.failures.length} failed`)
  for (const failure of made.failures) t.match(failure, { code: 'UR_VISITOR_TLS' })
})
