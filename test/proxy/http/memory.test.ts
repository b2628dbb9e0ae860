import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { eventually, within } from '../../support/hang.js'
import { HttpTunnels, upstream } from '../../support/http-tunnel.js'

const HOST = 'shop.localhost'
const MIB = 1024 ** 2

t.test('without room in the memory requests get 503, and answers that have begun go on', async (t) => {
  const open: ServerResponse[] = []
  const { port } = await upstream(t, (request, response) => {
    if (request.url !== '/open') return void response.end('ok')
    response.write('one')
    open.push(response)
  })
  const tunnels = await HttpTunnels.start(t, { memory: '512MiB' })
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const socket = tunnels.tls(HOST)
  socket.write(`GET /open HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
  await within('the answer', once(socket, 'data'))
  t.equal((await tunnels.call(HOST, '/')).status, 200, 'and its connection to the upstream is kept')
  // Server and test are one process.
  const much = Buffer.alloc(600 * MIB)
  const refused = await eventually('503', async () => {
    const answer = await tunnels.call(HOST, '/')
    if (answer.status !== 503) throw new Error(`got ${answer.status}`)
    return answer
  })
  t.match(refused.headers, { 'retry-after': '1', 'x-uniroute-error': 'UR_MEMORY_LIMIT' })
  open[0]?.write('two')
  t.match(String((await within('more of the answer', once(socket, 'data')))[0]), /two/)
  t.equal(much.length, 600 * MIB, 'it was there until now')
})
