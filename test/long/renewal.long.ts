import { connect, type TLSSocket } from 'node:tls'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { AcmeProduct, DOMAIN } from '../support/acme-product.js'
import { pause, within } from '../support/hang.js'
import { upstream } from '../support/http-upstream.js'

const PER_SECOND = 200
/** Renewed when a third of it is left. */
const VALID_S = 45
const RENEWALS = 2
const MOST_AT_ONCE = 100

t.test(
  `${PER_SECOND} connections a second while the certificate is renewed: none fails, none is dropped`,
  async (t) => {
    const product = await AcmeProduct.start(t, { pebble: { validS: VALID_S } })
    const { server } = product
    // Of the tunnel's certificate.
    const issued = (count: number) => () => {
      const lines = server.process.err.filter((line) => /"name":"shop\..*certificate issued/.test(line))
      return lines.length >= count
    }
    const { port } = await upstream(t, (_request, response) => {
      response.writeHead(200)
      response.write('first')
      server.process.line(issued(1 + RENEWALS), { where: 'err', ms: 300_000 }).then(
        () => response.end(' last'),
        () => response.destroy(),
      )
    })
    await product.agent(t, port, ['--subdomain', 'shop'])
    const visitors = await product.visitors()
    // One connection that is open all the time.
    const lasting = visitors.tls(`shop.${DOMAIN}`)
    let text = ''
    lasting.on('data', (chunk: Buffer) => (text += chunk.toString()))
    const ended = new Promise<void>((resolve) => lasting.once('close', resolve))
    lasting.write(`GET / HTTP/1.1\r\nHost: shop.${DOMAIN}\r\nConnection: close\r\n\r\n`)

    const ca = await readFile(product.rootFile)
    const serials = new Set<string>()
    const failures: string[] = []
    let done = 0
    const handshake = (): Promise<void> =>
      new Promise((resolve) => {
        const options = {
          host: '127.0.0.1',
          port: server.port,
          servername: `shop.${DOMAIN}`,
          ca,
          ALPNProtocols: ['h2'],
        }
        const socket: TLSSocket = connect(options, () => {
          serials.add(socket.getPeerCertificate().serialNumber)
          socket.destroy()
        })
        socket.on('error', (error: Error) => failures.push(error.message))
        socket.once('close', () => {
          done++
          resolve()
        })
      })
    let begun = 0
    const under = new Set<Promise<void>>()
    const start = (): void => {
      const one = handshake().then(() => void under.delete(one))
      under.add(one)
    }
    let isOver = false
    void ended.then(() => (isOver = true))
    const started = performance.now()
    while (!isOver && performance.now() - started < 280_000) {
      const due = Math.floor(((performance.now() - started) / 1000) * PER_SECOND)
      // On a machine that cannot do so many the rest is left out, instead of piling up until it times out.
      for (; begun < due; begun++) if (under.size < MOST_AT_ONCE) start()
      await pause(5)
    }
    await within('the lasting connection to end', ended)
    await Promise.all([...under])
    t.strictSame(failures, [])
    t.match(text, /first[^]* last/, 'the connection that was there all the time went on')
    t.ok(serials.size > RENEWALS, `${serials.size} certificates were seen`)
    const rate = done / ((performance.now() - started) / 1000)
    t.ok(rate > PER_SECOND / 2, `${rate.toFixed(0)} connections a second`)
    t.comment(`${done} handshakes, ${rate.toFixed(0)}/s, ${serials.size} certificates`)
  },
)
