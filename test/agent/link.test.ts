import type { TLSSocket } from 'node:tls'
import t from 'tap'
import { Link, MAX_VISITORS, type LinkEvents } from '../../src/agent/link.js'
import { systemClock } from '../../src/core/clock.js'
import { NetworkError } from '../../src/core/errors.js'
import { silentLogger } from '../../src/core/logger.js'
import type { Welcome } from '../../src/protocol/index.js'
import { frame, SYN, WINDOW_UPDATE } from '../support/raw-peer.js'
import { socketPair } from '../support/wire-pair.js'

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
