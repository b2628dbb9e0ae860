import { once } from 'node:events'
import t from 'tap'
import { WebSocket, WebSocketServer, type ClientOptions, type RawData } from 'ws'
import { VERSIONS } from '../support/curl.js'
import { EventSourceUpstream, EventStream } from '../support/event-stream.js'
import { within } from '../support/hang.js'
import { HttpProduct, hostOf } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'

const HOST = hostOf('live')
const MESSAGES = 10_000
const EVENTS = 200

t.test('a WebSocket echo of 10,000 messages through server and agent', async (t) => {
  const product = await HttpProduct.start(t)
  const { port, server } = await upstream(t, (_, response) => response.end())
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    socket.on('message', (data: RawData, isBinary) => socket.send(data, { binary: isBinary }))
  })
  await product.agent(t, port, 'live')
  const options: ClientOptions & { servername: string } = { ca: product.ca, servername: HOST, headers: { host: HOST } }
  const client = new WebSocket(`wss://127.0.0.1:${product.port}/`, options)
  t.teardown(() => client.terminate())
  await within('the WebSocket', once(client, 'open'))
  const wrong: string[] = []
  let came = 0
  const all = new Promise<void>((resolve, reject) => {
    client.on('message', (data: Buffer) => {
      const text = data.toString()
      if (text !== message(came)) wrong.push(`${text.slice(0, 20)} instead of ${came}`)
      if (++came === MESSAGES) resolve()
    })
    client.once('close', () => reject(new Error(`closed after ${came} messages`)))
  })
  for (let i = 0; i < MESSAGES; i++) client.send(message(i))
  await within('every echo', all)
  t.same(wrong, [])
  client.close(4000)
  t.same((await within('the end', once(client, 'close')))[0], 4000)
})

/** Of every length up to 2,000 bytes. */
function message(number: number): string {
  return `${number} `.padEnd(number % 2_000, '.')
}

t.test('server-sent events: each is here before the upstream sends the next', async (t) => {
  const product = await HttpProduct.start(t)
  const source = await EventSourceUpstream.start(t)
  await product.agent(t, source.port, 'live')
  for (const version of VERSIONS) {
    const stream = await EventStream.open(product, HOST, version)
    const got: string[] = []
    for (let i = 0; i < EVENTS; i++) {
      source.send(`event ${i}`)
      got.push(await stream.next())
    }
    t.same(
      got,
      Array.from({ length: EVENTS }, (_, i) => `event ${i}`),
    )
    const { end } = stream
    source.end()
    await end
  }
})
