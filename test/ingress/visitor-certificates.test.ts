import { readFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { createSecureContext, connect, type SecureVersion } from 'node:tls'
import t, { type Test } from 'tap'
import type { VisitorCertificate } from '../../src/access/visitor-rules/index.js'
import { clientTrust } from '../../src/certs/index.js'
import { authoritiesId, type ClientAuthorities, readClientAuthorities } from '../../src/config/index.js'
import { CertificateServers } from '../../src/ingress/visitor-certificates.js'
import { Authority, type Pair } from '../support/certificates.js'
import { within } from '../support/hang.js'
import { listen } from '../support/places.js'

/** A port with such servers; `named`: the certificate comes by the server name, as it does from a book. */
async function served(t: Test, named: boolean) {
  const authority = await Authority.create(t, 'server')
  const pair = await authority.issue(['localhost'])
  const [cert, key, ca] = await Promise.all([readFile(pair.cert), readFile(pair.key), readFile(authority.ca)])
  let shown: VisitorCertificate | null = null
  const servers = new CertificateServers<null>({
    contextFor: (_, clients) =>
      named && clients !== undefined ? createSecureContext({ cert, key, ...clientTrust(clients) }) : null,
    defaultPem: { cert, key },
    handshakeTimeoutMs: 10_000,
    alpn: ['http/1.1'],
    minVersion: 'TLSv1.2',
    onSecure: (socket, _, certificate) => {
      shown = certificate
      socket.end('hello')
    },
    onFailure: (_error, socket) => socket.destroy(),
  })
  let clients: ClientAuthorities = []
  const port = createServer((socket: Socket) => servers.take(socket, null, clients))
  const at = await listen(port)
  t.teardown(() => port.close())

  /** A connection to a tunnel with these authorities. */
  const visit = async (
    version: SecureVersion,
    authorities: ClientAuthorities,
    pair: Pair | null,
    session?: Buffer,
  ): Promise<{ shown: VisitorCertificate; reused: boolean; session: Buffer }> => {
    clients = authorities
    const own = pair === null ? {} : { cert: await readFile(pair.cert), key: await readFile(pair.key) }
    const place = { host: '127.0.0.1', port: at, servername: 'localhost', ca, minVersion: version, maxVersion: version }
    const socket = connect({ ...place, ...own, ...(session && { session }) })
    let given: Buffer = Buffer.alloc(0)
    socket.on('session', (ticket: Buffer) => (given = ticket))
    const reused = await within(
      'a connection',
      new Promise<boolean>((resolve, reject) => {
        socket.once('error', reject)
        socket.resume().once('end', () => resolve(socket.isSessionReused()))
      }),
    )
    if (shown === null) throw new Error('the server did not see the connection')
    return { shown, reused, session: given }
  }
  return { servers, visit }
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const named of [false, true]) {
    t.test(`${version}, ${named ? 'a certificate by name' : 'the default certificate'}`, async (t) => {
      const { servers, visit } = await served(t, named)
      const [office, other] = await Promise.all([Authority.create(t, 'office'), Authority.create(t, 'other')])
      const team = await office.intermediate(t, 'team')
      const [ann, zoe, late, web, plain, bob] = await Promise.all([
        office.issueClient('ann'),
        other.issueClient('zoe'),
        office.issueExpiredClient('late'),
        office.issueClient('web', 'serverAuth'),
        office.issueClient('plain', null),
        team.issueClient('bob'),
      ])
      const own = readClientAuthorities([office.ca])
      const id = authoritiesId(own)

      t.test('what a certificate is worth', async (t) => {
        const cases: [string, Pair | null, string | null][] = [
          ['a good one', ann, null],
          ['one without any extended key usage, which is for all', plain, null],
          ['none', null, null],
          ['one of another authority', zoe, 'UR_VISITOR_CERT_UNTRUSTED'],
          ['one whose intermediate does not come along', bob, 'UR_VISITOR_CERT_UNTRUSTED'],
          ['one that has expired', late, 'UR_VISITOR_CERT_EXPIRED'],
          ['one for servers', web, 'UR_VISITOR_CERT_PURPOSE'],
        ]
        for (const [name, pair, problem] of cases) {
          const first = await visit(version, own, pair)
          t.match(first.shown, { authorities: id, problem }, name)
          t.equal(first.shown.der === null, pair === null, name)
          const again = await visit(version, own, pair, first.session)
          t.equal(again.reused, true, `${name}: its session is resumed`)
          t.same(again.shown, first.shown, `${name}: and is worth the same`)
        }
      })

      t.test('an intermediate can be the authority, and then vouches alone', async (t) => {
        const only = readClientAuthorities([team.ca])
        t.match((await visit(version, only, bob)).shown, { problem: null })
        t.match((await visit(version, only, ann)).shown, { problem: 'UR_VISITOR_CERT_UNTRUSTED' })
      })

      t.test('no session is resumed under other authorities, nor after the keys have changed', async (t) => {
        const both = readClientAuthorities([office.ca, other.ca])
        const first = await visit(version, own, ann)
        for (const authorities of [both, readClientAuthorities([other.ca])]) {
          const { reused, shown } = await visit(version, authorities, null, first.session)
          t.equal(reused, false)
          t.match(shown, { authorities: authoritiesId(authorities), der: null })
        }
        t.equal((await visit(version, own, ann, first.session)).reused, true)
        servers.rotateTicketKeys()
        t.equal((await visit(version, own, ann, first.session)).reused, false)
      })
    })
  }
}

t.test('another default certificate goes on asking for certificates of the same authorities', async (t) => {
  const { servers, visit } = await served(t, false)
  const [office, renewed] = await Promise.all([Authority.create(t, 'office'), Authority.create(t, 'renewed')])
  const [own, ann, zoe] = [
    readClientAuthorities([office.ca]),
    await office.issueClient('ann'),
    await renewed.issueClient('zoe'),
  ]
  const first = await visit('TLSv1.3', own, ann)
  const pair = await office.issue(['localhost'])
  servers.setDefault({ cert: await readFile(pair.cert), key: await readFile(pair.key) })
  // who does not trust the new one comes by his session
  t.match(await visit('TLSv1.3', own, ann, first.session), { reused: true, shown: { problem: null } })
  await t.rejects(visit('TLSv1.3', own, zoe), /unable to verify|self-signed|issuer/)
})
