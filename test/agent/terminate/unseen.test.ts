import { readFile } from 'node:fs/promises'
import { connect } from 'node:tls'
import t, { type Test } from 'tap'
import type { TunnelSpec } from '../../../src/agent/index.js'
import { readUpstream } from '../../../src/config/index.js'
import { Authority } from '../../support/certificates.js'
import { upstream } from '../../support/http-tunnel.js'
import { everything } from '../../support/http-visitors.js'
import { within } from '../../support/hang.js'
import { makeAgent, ready, TestServer } from '../test-server.js'
import { HOST } from './support.js'

const QUESTION = 'what nobody else may hear'
const ANSWER = 'what nobody else may read'
const REQUEST = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\nContent-Length: ${QUESTION.length}\r\n\r\n${QUESTION}`

/** All that passes a server whose agent has this tunnel: what the visitor says, and what he gets. */
async function passing(t: Test, spec: Partial<TunnelSpec>, ca: Buffer | null) {
  let heard = ''
  const { port } = await upstream(t, (request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => (heard += text))
    request.on('end', () => response.end(ANSWER))
  })
  const server = await TestServer.start(t)
  server.onBind = ({ request }, { control }) => {
    control?.send({ bound: { request, tunnelId: 1, publicUrl: `tls://${HOST}`, remotePort: 0 } })
  }
  const tunnel: TunnelSpec = { name: 'shop', kind: 'http', upstream: readUpstream(String(port)), ...spec }
  await ready(makeAgent(t, server, { tunnels: [tunnel] }))
  const { duplex } = await (await server.session()).visit(1)
  const passed: Buffer[] = []
  duplex.on('data', (chunk: Buffer) => passed.push(chunk))
  const write = duplex._write.bind(duplex)
  duplex._write = (chunk: Buffer, ...rest) => {
    passed.push(chunk)
    write(chunk, ...rest)
  }
  const visitor = ca === null ? duplex : connect({ socket: duplex, servername: HOST, ca })
  visitor.on('error', () => undefined).on('end', () => visitor.end())
  visitor.write(REQUEST)
  const answer = await within('the answer', everything(visitor))
  t.match(answer, ANSWER)
  t.equal(heard, QUESTION)
  return Buffer.concat(passed).toString('latin1')
}

t.test('the server has nothing of what a visitor says whose TLS ends in the agent', async (t) => {
  const authority = await Authority.create(t, 'authority of the agent')
  const [files, ca] = await Promise.all([authority.issue([HOST]), readFile(authority.ca)])
  const passed = await passing(t, { terminate: { files } }, ca)
  t.ok(passed.length > 1_000, 'something passed')
  t.notMatch(passed, QUESTION)
  t.notMatch(passed, ANSWER)
  t.notMatch(passed, /HTTP\/1\.1/)
})

t.test('of another tunnel, it has all', async (t) => {
  const passed = await passing(t, { kind: 'tcp' }, null)
  t.match(passed, QUESTION)
  t.match(passed, ANSWER)
})
