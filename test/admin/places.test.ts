import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import http, { type Server } from 'node:http'
import https from 'node:https'
import net, { type AddressInfo, type Socket } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { Places } from '../../src/admin/places.js'
import { Authority } from '../support/certificates.js'
import { within } from '../support/hang.js'
import { temporaryFolder } from '../support/places.js'
import { AdminApi } from './support.js'

const MOST = 4
const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

interface Made {
  /** Connects, and resolves when the listener has the connection. */
  connect(from?: string): Promise<Socket>
  /** The answer to a request on a connection. */
  ask(socket: Socket): Promise<string>
  /** Whose connections were closed. */
  readonly full: string[]
}

async function made(t: Test, server: Server, where: net.ListenOptions): Promise<Made> {
  const full: string[] = []
  new Places(server, MOST, (address) => full.push(address))
  server.listen(where)
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const at = server.address() as AddressInfo | string
  return {
    full,
    connect: async (localAddress = '127.0.0.1') => {
      const there = once(server, 'connection')
      const socket = net.connect(
        typeof at === 'string' ? { path: at } : { port: at.port, host: '127.0.0.1', localAddress },
      )
      t.teardown(() => socket.destroy())
      socket.on('error', () => undefined)
      await within('a connection', there)
      return socket
    },
    ask: async (socket) => {
      socket.write(REQUEST)
      const [data] = (await within('an answer', once(socket, 'data'))) as [Buffer]
      return data.toString('latin1').slice(0, 15)
    },
  }
}

const closed = (socket: Socket): Promise<unknown> => within('a close', once(socket.resume(), 'close'))

t.test('whoever was silent longest goes, and a request gets in', async (t) => {
  const folder = await temporaryFolder(t)
  for (const where of [{ port: 0, host: '127.0.0.1' }, { path: path.join(folder, 'socket') }]) {
    const { connect, ask, full } = await made(
      t,
      http.createServer((_request, response) => response.end('x')),
      where,
    )
    const silent: Socket[] = []
    for (let i = 0; i < MOST; i++) silent.push(await connect())
    t.equal(await ask(silent[0]!), 'HTTP/1.1 200 OK', 'an answered request makes the first the newest')
    const gone = closed(silent[1]!)
    t.equal(await ask(await connect()), 'HTTP/1.1 200 OK')
    await gone
    const next = closed(silent[2]!)
    await connect()
    await next
    t.equal(full.length, 2)
  }
})

t.test('of the address that has most; a body that does not come is silence; an answer under way is none', async (t) => {
  let answer = (): void => undefined
  const server = http.createServer((request, response) => {
    request.resume()
    if (request.method === 'GET') answer = () => response.end('x')
  })
  const { connect, full } = await made(t, server, { port: 0, host: '127.0.0.1' })
  const requested = (): Promise<unknown> => within('a request', once(server, 'request'))
  const waiting = await connect('127.0.0.1')
  const under = requested()
  waiting.write(REQUEST)
  await under
  const lone = await connect('127.0.0.2')
  const slow = await connect('127.0.0.1')
  const begun = requested()
  slow.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc')
  await begun
  await connect('127.0.0.1')
  const gone = closed(slow)
  await connect('127.0.0.1')
  await gone
  t.same(full, ['127.0.0.1'])
  t.equal(lone.destroyed, false)
  const answered = within('an answer', once(waiting, 'data'))
  answer()
  await answered
})

t.test('where all have a request under way, a new one is closed', async (t) => {
  const server = http.createServer(() => undefined)
  const { connect, full } = await made(t, server, { port: 0, host: '127.0.0.1' })
  for (let i = 0; i < MOST; i++) {
    const requested = within('a request', once(server, 'request'))
    ;(await connect()).write(REQUEST)
    await requested
  }
  await closed(await connect())
  t.same(full, ['127.0.0.1'])
})

t.test('with TLS, also before its handshake', async (t) => {
  const authority = await Authority.create(t, 'authority')
  const { cert, key } = await authority.issue(['localhost'])
  const pem = { cert: await readFile(cert), key: await readFile(key), ca: await readFile(authority.ca) }
  const server = https.createServer(pem, (_request, response) => response.end('x'))
  const { connect } = await made(t, server, { port: 0, host: '127.0.0.1' })
  const { port } = server.address() as AddressInfo
  const agent = new https.Agent({ keepAlive: true, ca: pem.ca })
  t.teardown(() => agent.destroy())
  const get = (): Promise<number | undefined> =>
    within(
      'an answer',
      new Promise((resolve, reject) => {
        const options = { host: '127.0.0.1', port, servername: 'localhost', headers: { host: 'localhost' }, agent }
        https
          .get(options, (response) => response.resume().on('end', () => resolve(response.statusCode)))
          .on('error', reject)
      }),
    )
  for (let i = 0; i < 2 * MOST; i++) await connect()
  t.equal(await get(), 200)
  for (let i = 0; i < MOST - 2; i++) await connect()
  t.equal(await get(), 200, 'on the same connection')
})

t.test('the admin API answers beside hundreds of silent connections', async (t) => {
  const api = await AdminApi.start(t)
  const [host, port] = api.address.split(':')
  const silent = await Promise.all(
    Array.from({ length: 300 }, async () => {
      const socket = net.connect({ host: host ?? '', port: Number(port) })
      t.teardown(() => socket.destroy())
      socket.on('error', () => undefined).resume()
      await once(socket, 'connect')
      return socket
    }),
  )
  t.match(await api.call('/api/v1/tokens'), { status: 200 })
  t.ok(silent.filter(({ readableEnded, destroyed }) => !readableEnded && !destroyed).length >= 200)
  const line = await api.server.process.line(/UR_ADMIN_CONNECTIONS/, { where: 'err' })
  t.match(line, /"remote":"127\.0\.0\.1"/)
})
