import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { Link, MAX_VISITORS, type LinkEvents } from '../../src/agent/link.js'
import { systemClock } from '../../src/core/clock.js'
import { NetworkError, type UniRouteError } from '../../src/core/errors.js'
import { silentLogger } from '../../src/core/logger.js'
import type { Welcome } from '../../src/protocol/index.js'
import { eventually } from '../support/hang.js'
import { frame, SYN, WINDOW_UPDATE } from '../support/raw-peer.js'
import { sessionEnd, socketPair } from '../support/wire-pair.js'

t.test(
  'a server that allows any number of visitors, and opens their streams, gets no more than the bound',
  async (t) => {
    const [socket, serverSide] = await socketPair()
    t.teardown(() => serverSide.destroy())
    const opens = Array.from({ length: MAX_VISITORS + 100 }, (_, i) => frame(WINDOW_UPDATE, SYN, 2 * (i + 1), 0))
    const link = new Link({
      opened: {
        target: { host: 'localhost', port: 443 },
        socket: socket as TLSSocket,
        welcome: { limits: { streams: 0xffff_ffff, tunnels: 1, carriers: 1 } } as Welcome,
        head: Buffer.concat(opens),
        capabilities: [],
      },
      tunnels: [],
      connections: 1,
      attach: () => Promise.reject(new NetworkError('UR_SERVER_LOST', 'no other')),
      events: { ended: () => undefined } as unknown as LinkEvents,
      clock: systemClock,
      log: silentLogger,
    })
    t.equal(link.session.streamCount, MAX_VISITORS + 1, 'visitors and the control stream')
    link.abandon(new NetworkError('UR_SERVER_LOST', 'the end of the test'))
  },
)

/** A link over sockets of our own, whose server keeps sessions; `connect` makes one more connection. */
async function resumableLink(t: Test) {
  const server = sessionEnd('server', [], { resumable: true })
  const connect = async (number: number, address: string): Promise<TLSSocket> => {
    const [socket, serverSide] = await socketPair()
    t.teardown(() => serverSide.destroy())
    server.session.addCarrier(serverSide, undefined, number)
    return Object.defineProperty(socket, 'localAddress', { value: address }) as TLSSocket
  }
  const held: UniRouteError[] = []
  const link = new Link({
    opened: {
      target: { host: 'localhost', port: 443 },
      socket: await connect(1, '10.0.0.2'),
      welcome: { carrier: 1, resumeTimeoutMs: 30_000, secret: Buffer.from('1') } as unknown as Welcome,
      head: Buffer.alloc(0),
      capabilities: ['carriers', 'resume'],
    },
    tunnels: [],
    connections: 1,
    attach: () => Promise.reject(new NetworkError('UR_SERVER_LOST', 'no other')),
    events: {
      ended: () => undefined,
      watch: () => undefined,
      held: (_link: Link, error: UniRouteError) => held.push(error),
    } as unknown as LinkEvents,
    clock: systemClock,
    log: silentLogger,
  })
  t.teardown(() => {
    const end = new NetworkError('UR_SERVER_LOST', 'the end of the test')
    link.abandon(end)
    server.session.destroy(end)
  })
  return { link, server: server.session, connect, held }
}

t.test('connections whose own address is gone give way to those that are left', async (t) => {
  const { link, server, connect } = await resumableLink(t)
  link.session.addCarrier(await connect(2, '10.1.0.2'), undefined, 2)
  t.match(link.carriers, [{ number: 1 }, { number: 2 }])
  link.dropStranded(() => true)
  link.dropStranded(() => false)
  t.equal(link.carriers.length, 2, 'where none is left, none is dropped')
  link.dropStranded((address) => address !== '10.0.0.2')
  t.match(link.carriers, [{ number: 2 }])
  await eventually('the end of the exchange', async () => {
    const lost = [link.session.stats(), server.stats()].map(({ lostCarriers }) => lostCarriers)
    if (lost.some((number) => number > 0)) throw new Error(`lost and not yet in order: ${lost.join(', ')}`)
  })
  t.equal(link.session.closed, false)
  t.equal(link.resumption, null)
})

t.test('a link tells whether its visitors are held, and how it went on', async (t) => {
  const { link, connect, held } = await resumableLink(t)
  t.equal(link.held, null)
  link.session.carriers[0]?.lose()
  t.equal(link.held, 0)
  t.match(held, [{ code: 'UR_SERVER_LOST' }])
  const welcome = { carrier: 2, secret: Buffer.from('2') } as unknown as Welcome
  link.resume({ socket: await connect(2, '10.1.0.2'), welcome, head: Buffer.alloc(0) })
  t.equal(link.held, null)
  t.match(link.resumption, { visitors: 0 })
  t.ok(link.resumption!.awayMs > 0)
  link.resume({ socket: await connect(3, '10.2.0.2'), welcome: { ...welcome, carrier: 3 }, head: Buffer.alloc(0) })
  t.same(link.resumption, { awayMs: 0, visitors: 0 }, 'it moved before the old connection was dead')
  t.match(link.carriers, [{ number: 3 }])
})
