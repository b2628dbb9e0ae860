import { makeCertificates } from './lib/certificates.js'
import { readChoice } from './lib/choice.js'
import { publish } from './lib/publish.js'
import { startUpstreams, type Place } from './lib/place.js'
import { Processes } from './lib/processes.js'
import { runAll } from './lib/run.js'
import { LOOPBACK } from './measure/index.js'
import { measureMultiplexer, MULTIPLEXER_COLUMNS, MULTIPLEXER_MEASUREMENTS } from './measure/multiplexer.js'
import { LOOPBACK_TOOLS } from './tools/index.js'

// The first table: everything on this machine over loopback. bench/run.sh starts it.
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
const tools = LOOPBACK_TOOLS.filter((tool) => {
  const missing = choice.tools(tool.id) ? tool.missing(place) : 'not asked for'
  if (missing !== null) console.log(`without ${tool.id}: ${missing}`)
  return missing === null
})
const rows = await runAll(LOOPBACK, tools, choice, async (tool, measurement) => {
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
const multiplexers = MULTIPLEXER_COLUMNS.filter(({ id }) => choice.tools(id))
const multiplexerRows = await runAll(MULTIPLEXER_MEASUREMENTS, multiplexers, choice, (column, measurement) =>
  measureMultiplexer(column, measurement, processes, choice.seconds),
)
await processes.endAll()
publish('loopback', rows, tools, choice)
publish('multiplexer', multiplexerRows, multiplexers, choice)
