import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import t, { type Test } from 'tap'
import { eventually, within } from '../../support/hang.js'
import { freePort, listen } from '../../support/places.js'
import { drain, pump, RandomSource, startEcho } from '../../support/pumps.js'
import { closing, HOST, terminated, type Terminated } from './support.js'

/** Node takes it, and its types do not know. */
interface Half {
  readonly allowHalfOpen: true
}

/** A visitor who speaks something else than HTTP inside of TLS. */
async function visit(t: Test, { visitors: { port, ca } }: Terminated): Promise<Socket> {
  const options = { host: '127.0.0.1', port, servername: HOST, ca, allowHalfOpen: true } satisfies ConnectionOptions &
    Half
  const socket = connect(options)
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined)
  await within('the handshake', once(socket, 'secureConnect'))
  return socket
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.resume().closed) await within('the end of a connection', closing(socket))
}

/** An upstream; what visitors break off is no failure. */
async function service(
  t: Test,
  onSocket: (socket: Socket) => void,
  port?: number,
): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => onSocket(socket.on('error', () => undefined)))
  t.teardown(() => server.close())
  return { port: await listen(server, port), server }
}

const kind = 'tls'

t.test('what is inside of TLS goes to the upstream and back, half-close included', async (t) => {
  const echo = await startEcho(t)
  const made = await terminated(t, echo.port, { kind })
  t.match(made.agent.status().tunnels, [{ kind, publicUrl: `tls://${HOST}:${made.server.port}` }])
  const socket = await visit(t, made)
  const came = drain(socket)
  const sent = await pump(socket, new RandomSource(16 * 1024 * 1024))
  t.same(await within('the echo', came), sent)
  await eventually('the end', async () => {
    if (made.agent.status().tunnels[0]?.visitorsOpen !== 0) throw new Error('the visitor is still there')
  })
})

t.test('a service that speaks first', async (t) => {
  const { port } = await service(t, (socket) => socket.write('220 hello\r\n'))
  const socket = await visit(t, await terminated(t, port, { kind }))
  const [greeting] = (await within('the greeting', once(socket, 'data'))) as [Buffer]
  t.equal(greeting.toString(), '220 hello\r\n')
})

t.test('the upstream is told of the visitor by a PROXY header', async (t) => {
  const heads: string[] = []
  const { port } = await service(t, (socket) => {
    socket.once('data', (chunk) => heads.push(chunk.toString()) && socket.end())
  })
  const made = await terminated(t, port, { kind, proxyProtocol: 1 })
  const socket = await visit(t, made)
  socket.resume().write('hi')
  await within('the end', once(socket, 'end'))
  t.match(
    heads[0],
    new RegExp(`^PROXY TCP4 127\\.0\\.0\\.1 127\\.0\\.0\\.1 ${socket.localPort} ${made.server.port}\r\nhi`),
  )
})

t.test('an upstream that refuses, one that resets, and a visitor who resets', async (t) => {
  const port = await freePort()
  const made = await terminated(t, port, { kind })
  const { agent } = made
  const refused = once(agent, 'closed')
  const first = await visit(t, made)
  t.match(await within('the end', refused), [{ error: { code: 'UR_UPSTREAM_REFUSED' } }])
  await closed(first)

  const sockets: Socket[] = []
  await service(t, (socket) => sockets.push(socket) && socket.write('hello'), port)
  const greeted = async (): Promise<Socket> => {
    const socket = await visit(t, made)
    await within('the greeting', once(socket, 'data'))
    return socket
  }
  const second = await greeted()
  const reset = once(agent, 'closed')
  sockets[0]!.resetAndDestroy()
  t.match(await within('the end', reset), [{ error: { code: 'UR_UPSTREAM_RESET' } }])
  await closed(second)

  const third = await greeted()
  const gone = closing(sockets[1]!)
  third.destroy()
  await within('the end at the upstream', gone)
  await eventually('the end', async () => {
    if (agent.status().tunnels[0]?.visitorsOpen !== 0) throw new Error('a visitor is still there')
  })
})

t.test(
  'a visitor who does not trust the certificate, one who speaks no TLS that we do, and one who just leaves',
  async (t) => {
    const echo = await startEcho(t)
    const made = await terminated(t, echo.port, { kind })
    const { server, agent } = made
    const failures = async (socket: Socket): Promise<unknown> => {
      const ended = once(agent, 'closed')
      socket.on('error', () => undefined)
      const [end] = (await within('the end', ended)) as [{ error: unknown }]
      socket.destroy()
      return end.error
    }
    const at = { host: '127.0.0.1', port: server.port, servername: HOST }
    t.match(await failures(connect({ ...at, ca: server.ca })), { code: 'UR_VISITOR_TLS' })
    t.match(await failures(connect({ ...at, ciphers: 'AES128-SHA', maxVersion: 'TLSv1.2' })), {
      code: 'UR_VISITOR_TLS',
      message: /no shared cipher/,
    })
    t.match(agent.status().tunnels, [{ visitorsOpen: 0 }])
    const socket = await visit(t, made)
    socket.write('still served')
    const [answer] = (await within('the echo', once(socket, 'data'))) as [Buffer]
    t.equal(answer.toString(), 'still served')
  },
)
