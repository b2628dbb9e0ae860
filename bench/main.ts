import { HTTP_TOOLS } from './http/index.js'
import { makeCertificates } from './lib/certificates.js'
import { readChoice } from './lib/choice.js'
import { startUpstreams, type Place } from './lib/place.js'
import { Processes } from './lib/processes.js'
import { publish } from './lib/publish.js'
import { runAll } from './lib/run.js'
import { HTTP } from './measure/http.js'
import { LOOPBACK } from './measure/index.js'
import type { Column, Ends, Measurement } from './measure/measurement.js'
import { measureMultiplexer, MULTIPLEXER_COLUMNS, MULTIPLEXER_MEASUREMENTS } from './measure/multiplexer.js'
import { LOOPBACK_TOOLS } from './tools/index.js'

// Everything on this machine over loopback: the first table, HTTP's and the multiplexers'. bench/run.sh starts it.
const choice = readChoice({ runs: 3, seconds: 5 })
const processes = new Processes()
const { folder } = processes
const site = {
  processes,
  folder,
  certificates: await makeCertificates(folder, processes),
  serverHost: '127.0.0.1',
  upstreamHost: '127.0.0.1',
  upstreamBind: '127.0.0.1',
  agentPrefix: [],
  isolated: process.env['BENCH_ISOLATED'] === 'yes',
}
const place: Place = { ...site, upstreams: await startUpstreams(site) }

interface Startable<T extends Ends> extends Column {
  missing(place: Place): string | null
  start(place: Place): Promise<T>
}

interface Runnable<T extends Ends> extends Measurement {
  run(started: T, place: Place, seconds: number): Promise<Record<string, number>>
}

/** Each cell with a tunnel of its own. */
async function measureTable<T extends Ends>(
  name: 'loopback' | 'http',
  measurements: readonly Runnable<T>[],
  all: readonly Startable<T>[],
): Promise<void> {
  if (!measurements.some(({ id }) => choice.rows(id))) return
  const tools = all.filter((tool) => {
    const missing = choice.tools(tool.id) ? tool.missing(place) : 'not asked for'
    if (missing !== null) console.log(`without ${tool.id}: ${missing}`)
    return missing === null
  })
  const rows = await runAll(measurements, tools, choice, async (tool, measurement) => {
    const tunnel = await tool.start(place)
    try {
      return await measurement.run(tunnel, place, choice.seconds)
    } catch (error) {
      for (const program of [...tunnel.server, ...tunnel.agent]) console.log(`  ${program.name}: ${program.reason()}`)
      throw error
    } finally {
      await processes.end(...tunnel.server, ...tunnel.agent)
    }
  })
  publish(name, rows, tools, choice)
}

await measureTable('loopback', LOOPBACK, LOOPBACK_TOOLS)
await measureTable('http', HTTP, HTTP_TOOLS)
const multiplexers = MULTIPLEXER_COLUMNS.filter(({ id }) => choice.tools(id))
const multiplexerRows = await runAll(MULTIPLEXER_MEASUREMENTS, multiplexers, choice, (column, measurement) =>
  measureMultiplexer(column, measurement, processes, choice.seconds),
)
await processes.endAll()
publish('multiplexer', multiplexerRows, multiplexers, choice)
