import { makeCertificates } from '../lib/certificates.js'
import { startUpstreams, type Place } from '../lib/place.js'
import { Processes } from '../lib/processes.js'
import { WAN_TOOLS } from '../tools/index.js'
import { WAN } from './scenarios.js'

// Measures one scenario over one tool, at the server's end of the path that path.sh has made.
// usage: inside SCENARIO TOOL SECONDS. Prints "result {figures}" or "failed <reason>".
const [scenarioId, toolId, seconds] = process.argv.slice(2)
const scenario = WAN.find(({ id }) => id === scenarioId)
const tool = WAN_TOOLS.find(({ id }) => id === toolId)
const agentPid = process.env['AGENT_NETNS_PID']
if (scenario === undefined || tool === undefined || agentPid === undefined) throw new Error('usage: see above')

const processes = new Processes()
const { folder } = processes
const agentPrefix = ['nsenter', '--target', agentPid, '--net']
try {
  const site = {
    processes,
    folder,
    certificates: await makeCertificates(folder, processes),
    serverHost: '10.9.0.1',
    upstreamHost: '10.9.0.2',
    upstreamBind: '0.0.0.0',
    agentPrefix,
    isolated: true,
  }
  const place: Place = { ...site, upstreams: await startUpstreams(site) }
  const tunnel = await tool.start(place)
  console.log(`result ${JSON.stringify(await scenario.run(tunnel, place, Number(seconds)))}`)
} catch (error) {
  console.log(`failed ${(error as Error).message}`)
} finally {
  await processes.endAll()
}
