import { request } from 'node:https'
import { readFileSync } from 'node:fs'
import { SITE } from '../lib/certificates.js'
import { ANSWERS } from '../lib/nginx.js'
import type { Place } from '../lib/place.js'
import type { Program } from '../lib/processes.js'
import type { Column, Ends } from '../measure/measurement.js'

/** A way from a visitor who speaks HTTPS to the upstream. */
export interface HttpTool extends Column {
  /** Why it cannot run here, or null. */
  missing(place: Pick<Place, 'isolated'>): string | null
  start(place: Place): Promise<HttpSite>
}

/** Where visitors connect, and the programs between them and the upstream. */
export interface HttpSite extends Ends {
  host: string
  port: number
}

const TIMEOUT_MS = 20_000

/** Resolves when an answer comes whole; throws with the end of a log when a program ended. */
export async function waitForAnswer(site: HttpSite, place: Place): Promise<HttpSite> {
  const deadline = Date.now() + TIMEOUT_MS
  for (;;) {
    const answered = await get(site, place).catch((error: Error) => error.message)
    if (answered === ANSWERS['/1k']) return site
    const dead = [...site.server, ...site.agent].find((program: Program) => program.ended)
    if (dead !== undefined) throw new Error(`${dead.name} ended: ${dead.reason()}`)
    if (Date.now() > deadline) throw new Error(`no answer: ${answered}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The length of an answer. Rejects when there is none, or one that is not 200. */
function get({ host, port }: HttpSite, { certificates }: Place): Promise<number> {
  const options = { host, port, path: '/1k', servername: SITE, ca: readFileSync(certificates.ca), agent: false }
  return new Promise((resolve, reject) => {
    const asked = request({ ...options, headers: { host: SITE }, timeout: 2000 }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.once('error', reject)
      response.once('end', () => {
        if (response.statusCode === 200) resolve(bytes)
        else reject(new Error(`status ${response.statusCode}`))
      })
    })
    asked.once('timeout', () => asked.destroy(new Error('nothing came')))
    asked.once('error', reject)
    asked.end()
  })
}
