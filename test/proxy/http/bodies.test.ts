import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { ClientHttp2Session } from 'node:http2'
import { request } from 'node:https'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { HANG_MS, within } from '../../support/hang.js'
import { HttpTunnels, upstream } from '../../support/http-tunnel.js'

const HOST = 'shop.localhost'
const MIB = 1024 ** 2
/** Of no frame, record, window or slab a multiple. */
const BYTES = 3 * MIB + 1237
const STREAMS = 12

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

t.test('long bodies in many streams at once arrive whole, both ways, however small the windows are', async (t) => {
  const answer = randomBytes(BYTES)
  const { port } = await upstream(t, (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      response.setHeader('x-got', sha(Buffer.concat(parts)))
      if (request.url === '/sized') response.setHeader('content-length', BYTES)
      // In odd pieces, so that frames of all sizes come.
      let at = 0
      const more = (): void => {
        while (at < BYTES) {
          const end = Math.min(BYTES, at + 1 + ((at * 7919) % 50_021))
          const hasRoom = response.write(answer.subarray(at, end))
          at = end
          if (!hasRoom) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
  })
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  for (const initialWindowSize of [1_000, 16_384, 65_535, 4 * MIB]) {
    const session = tunnels.http2(HOST, { settings: { initialWindowSize, enablePush: false } })
    const streams = initialWindowSize === 1_000 ? 1 : STREAMS
    await carry(`by HTTP/2 with windows of ${initialWindowSize}`, streams, (path, body) =>
      exchange2(session, path, body),
    )
  }
  await carry('by HTTP/1.1', STREAMS, (path, body) => exchange1(tunnels, path, body))

  async function carry(how: string, streams: number, exchange: Send) {
    const call = async (i: number) => {
      const body = randomBytes(BYTES - i * 1000)
      const { got, bytes } = await exchange(i % 2 === 0 ? '/sized' : '/chunked', body)
      t.equal(got, sha(body), `the request of stream ${i} ${how}`)
      t.equal(bytes.length, BYTES)
      t.equal(sha(bytes), sha(answer), 'its answer')
    }
    await within('all bodies', Promise.all(Array.from({ length: streams }, (_, i) => call(i))), 4 * HANG_MS)
  }
})

/** What the upstream says that it got, and what it answers. */
interface Carried {
  readonly got: string
  readonly bytes: Buffer
}

type Send = (path: string, body: Buffer) => Promise<Carried>

async function exchange1({ port, ca }: HttpTunnels, path: string, body: Buffer): Promise<Carried> {
  const options = { host: '127.0.0.1', port, servername: HOST, ca, path, method: 'POST', headers: { host: HOST } }
  const message = request(options)
  message.end(body)
  const [answer] = (await once(message, 'response')) as [IncomingMessage]
  return { got: String(answer.headers['x-got']), bytes: await buffer(answer) }
}

function exchange2(session: ClientHttp2Session, path: string, body: Buffer): Promise<Carried> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': path })
    const parts: Buffer[] = []
    let got = ''
    stream.on('response', (headers) => (got = String(headers['x-got'])))
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.once('end', () => resolve({ got, bytes: Buffer.concat(parts) }))
    stream.once('error', reject)
    stream.end(body)
  })
}
