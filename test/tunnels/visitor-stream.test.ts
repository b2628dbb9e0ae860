import t from 'tap'
import { Kind, StreamOpenReader } from '../../src/protocol/index.js'
import type { Tunnel } from '../../src/tunnels/index.js'
import { openingSlab } from '../../src/tunnels/visitor-stream.js'
import { HEADROOM } from '../../src/wire/index.js'

const VISITOR = { address: '192.0.2.1', port: 4711, serverAddress: '198.51.100.1', serverPort: 443 }

function opened(connectionId: string) {
  const slab = openingSlab({ id: 7, kind: Kind.KIND_HTTP } as Tunnel, connectionId, VISITOR, null)
  return new StreamOpenReader().push(slab.subarray(HEADROOM))
}

t.test(
  'the trace is that of the connection, and one of its own where a proxy gave an id of another form',
  async (t) => {
    const id = '0123456789abcdef0123456789abcdef'
    t.equal(opened(id)?.traceId, `00-${id}-89abcdef01234567-00`)
    const other = opened('of-the-proxy')
    t.equal(other?.connectionId, 'of-the-proxy')
    t.match(other?.traceId, /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  },
)
