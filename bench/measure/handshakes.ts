import { readFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'
import type { HttpSite } from '../http/tool.js'
import { RSA_SITE, SITE } from '../lib/certificates.js'
import type { Place } from '../lib/place.js'
import { cpuSeconds } from '../lib/proc.js'
import type { HttpMeasurement } from './http.js'
import type { Figure } from './measurement.js'

const AT_ONCE = 8
const WARM_UP_MS = 1_000

const LOADS = [
  { key: 'ecdsa', host: SITE, resumed: false, title: 'TLS 1.3 handshakes, ECDSA P-256' },
  { key: 'rsa', host: RSA_SITE, resumed: false, title: 'TLS 1.3 handshakes, RSA 2048' },
  { key: 'resumed', host: SITE, resumed: true, title: 'TLS 1.3 handshakes, resumed' },
] as const

type Load = (typeof LOADS)[number]

/** What a visitor's connection costs the server before a byte was asked for: its CPU time, not the visitor's. */
export const handshakes: HttpMeasurement = {
  id: 'handshakes',
  figures: LOADS.flatMap(({ key, title }): Figure[] => [
    { key: `${key}-rate`, title: `${title}, a second`, better: 'more', digits: 0 },
    { key: `${key}-cpu`, title: 'the same, CPU µs each, server', better: 'less', digits: 0 },
  ]),
  only: (column) => column === 'uniroute' || column === 'nginx',
  async run(site, place, seconds) {
    const measured: Record<string, number> = {}
    for (const load of LOADS) {
      const session = load.resumed ? await ticket(site, place, load) : undefined
      await during(WARM_UP_MS, () => handshake(site, place, load, session))
      const pids = site.server.map(({ pid }) => pid)
      const [cpu, at] = [cpuSeconds(pids), performance.now()]
      const done = await during(seconds * 1000, () => handshake(site, place, load, session))
      measured[`${load.key}-rate`] = (done / (performance.now() - at)) * 1000
      measured[`${load.key}-cpu`] = ((cpuSeconds(pids) - cpu) / done) * 1e6
    }
    return measured
  },
}

/** How often `work` was done. */
async function during(ms: number, work: () => Promise<void>): Promise<number> {
  const end = performance.now() + ms
  let done = 0
  const worker = async (): Promise<void> => {
    for (; performance.now() < end; done++) await work()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return done
}

function open({ host, port }: HttpSite, { certificates }: Place, load: Load, session?: Buffer): TLSSocket {
  const ca = (authority ??= readFileSync(certificates.ca))
  const options = { host, port, servername: load.host, ca, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] } as const
  return connect(session === undefined ? options : { ...options, session })
}

let authority: Buffer | undefined

async function handshake(site: HttpSite, place: Place, load: Load, session?: Buffer): Promise<void> {
  const socket = open(site, place, load, session)
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      if (socket.isSessionReused() === load.resumed) resolve()
      else reject(new Error(`${load.title}: the session was ${load.resumed ? 'not ' : ''}resumed`))
    })
  }).finally(() => socket.destroy())
}

/** A session that was begun, to be resumed. */
async function ticket(site: HttpSite, place: Place, load: Load): Promise<Buffer> {
  const socket = open(site, place, load)
  return new Promise<Buffer>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('session', resolve)
    socket.resume()
  }).finally(() => socket.destroy())
}
