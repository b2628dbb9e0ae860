import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { HttpSite } from '../http/tool.js'
import { SITE } from '../lib/certificates.js'
import type { AnswerPath } from '../lib/nginx.js'
import type { Place } from '../lib/place.js'
import { cpuSeconds } from '../lib/proc.js'
import { quantile } from '../lib/stats.js'
import { bothEnds } from './measurement.js'

export type HttpVersion = 'http1' | 'http2'

export interface HttpLoad {
  version: HttpVersion
  path: AnswerPath
  /** Each with one request after the other. */
  connections: number
  /** Before anything counts. */
  warmUpMs: number
  seconds: number
}

export interface HttpLoadResult {
  /** Answers that came whole, in a second. */
  requestsPerSecond: number
  /** All bytes of HTTP, also of answers that were not whole when the time was over. */
  bytesPerSecond: number
  /** CPU seconds that both ends used in a second. */
  cpu: number
  /** Of a request until the end of its answer, µs; null: no answer came whole. */
  p50: number | null
  p99: number | null
}

/** How long h2load may take to end. */
const GRACE_MS = 3_000

const PROTOCOLS = { http1: 'http/1.1', http2: 'h2' }

/**
 * One h2load load. What is counted, the CPU too, is what happened after the warm-up. When not all connections were made
 * by then (h2load does not end then), it is done again with a longer one.
 */
export async function h2load(site: HttpSite, place: Place, load: HttpLoad): Promise<HttpLoadResult> {
  const result = (await attempt(site, place, load)) ?? (await attempt(site, place, longer(load)))
  if (result === null) throw new Error(`not all of ${load.connections} connections were made in time`)
  return result
}

function longer(load: HttpLoad): HttpLoad {
  return { ...load, warmUpMs: load.warmUpMs * 4 }
}

/** Null: not all connections were made. */
async function attempt(site: HttpSite, place: Place, load: HttpLoad): Promise<HttpLoadResult | null> {
  // In a folder of its own: our server watches the one of its certificates, and would be told of each write.
  const folder = mkdtempSync(join(place.folder, 'h2load-'))
  const log = join(folder, 'log')
  const size = ['-t', '1', '-c', String(load.connections), '-m', '1']
  const time = ['-D', `${load.seconds}s`, '--warm-up-time', `${load.warmUpMs}ms`, '--log-file', log]
  const protocol = load.version === 'http1' ? ['--h1'] : ['--npn-list', 'h2']
  const to = ['--connect-to', `${site.host}:${site.port}`, `https://${SITE}:${site.port}${load.path}`]
  const program = place.processes.start('h2load', ['h2load', ...size, ...time, ...protocol, ...to])
  const pids = bothEnds(site)
  const sample = (): { cpu: number; at: number } => ({ cpu: cpuSeconds(pids), at: performance.now() })
  const patience = load.warmUpMs + load.seconds * 1000 + GRACE_MS
  let hung = false
  const timer = setTimeout(() => {
    hung = true
    void place.processes.end(program)
  }, patience)
  try {
    await program.line('Main benchmark duration is started', patience)
    const before = sample()
    await program.line('Main benchmark duration is over', patience)
    const after = sample()
    await program.exited
    if (hung) return null
    const output = program.output()
    check(output, PROTOCOLS[load.version])
    const cpu = ((after.cpu - before.cpu) / (after.at - before.at)) * 1000
    return { ...rates(output, load.seconds), cpu, ...times(log) }
  } finally {
    clearTimeout(timer)
    await place.processes.end(program)
    rmSync(folder, { recursive: true })
  }
}

/** Throws when answers were wrong, or came by another protocol. */
function check(output: string, protocol: string): void {
  const spoken = /^Application protocol: (.*)$/m.exec(output)?.[1]
  if (spoken !== protocol) throw new Error(`h2load spoke ${spoken ?? 'nothing'}, not ${protocol}`)
  const good = numberIn(output, /^status codes: (\d+) 2xx/m)
  const bad = numberIn(output, /, (\d+) failed/m) + numberIn(output, /, (\d+) errored/m)
  const other = [3, 4, 5].reduce((sum, digit) => sum + numberIn(output, new RegExp(`, (\\d+) ${digit}xx`, 'm')), 0)
  if (bad + other > good / 100) throw new Error(`h2load: ${bad} requests failed, ${other} were refused, ${good} served`)
}

function rates(output: string, seconds: number): Pick<HttpLoadResult, 'requestsPerSecond' | 'bytesPerSecond'> {
  const bytes = numberIn(output, /^traffic: \S+ \((\d+)\) total/m)
  if (bytes === 0) throw new Error('h2load: nothing came')
  return { requestsPerSecond: numberIn(output, /, (\d+) succeeded/m) / seconds, bytesPerSecond: bytes / seconds }
}

function numberIn(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1]
  if (found === undefined) throw new Error(`h2load printed no result: ${output.slice(-300)}`)
  return Number(found)
}

/** A line of the log has the time of the start, the status (-1: none) and the microseconds until the end. */
function times(log: string): Pick<HttpLoadResult, 'p50' | 'p99'> {
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1)
  const micros = lines.map((line) => line.split('\t').map(Number)).filter(([, status]) => status === 200)
  if (micros.length === 0) return { p50: null, p99: null }
  const samples = micros.map(([, , took = 0]) => took)
  return { p50: quantile(samples, 0.5), p99: quantile(samples, 0.99) }
}
