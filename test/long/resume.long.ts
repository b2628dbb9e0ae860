import path from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Authority } from '../support/certificates.js'
import { pause } from '../support/hang.js'
import { LastingVisits, SERVICES, startLastingUpstreams, type Outcome } from '../support/lasting.js'
import { bridgeInto, Path, TOOLS, type Tool, type Tunnel } from '../support/path.js'
import { portSlot, program, ROOT, temporaryFolder } from '../support/places.js'
import { must } from '../support/processes.js'
import { Relay } from '../support/relay.js'

const MIB = 1024 ** 2
const GIB = 1024 * MIB
const CUT_MS = 10_000
const OURS = 'UniRoute'

interface Fault {
  readonly name: string
  /** The tools connect through a relay at the server's end. */
  readonly relayed: boolean
  /** Breaks the path, and resolves when it is whole again. */
  work(at: { path: Path; relays: readonly Relay[]; ports: readonly number[] }): Promise<void>
}

const FAULTS: readonly Fault[] = [
  {
    name: 'path cut for 10 s',
    relayed: false,
    work: async ({ path }) => {
      await path.cut()
      await pause(CUT_MS)
      await path.mend()
    },
  },
  { name: "agent's address changed", relayed: false, work: ({ path }) => path.changeAddress() },
  {
    name: 'every carrier reset',
    relayed: true,
    work: async ({ relays }) => relays.forEach((relay) => relay.cut()),
  },
  {
    name: 'packets swallowed for 10 s',
    relayed: true,
    work: async ({ relays }) => {
      for (const relay of relays) relay.swallow()
      await pause(CUT_MS)
      for (const relay of relays) relay.heal()
    },
  },
  {
    name: "server's port closed for 10 s",
    relayed: false,
    work: async ({ path, ports }) => {
      await path.closePorts(ports)
      await pause(CUT_MS)
      await path.openPorts(ports)
    },
  },
]

if (process.env['AGENT_NETNS_PID'] !== undefined) await inside()
else if (process.getuid?.() === 0) await outside()
else await t.test('what outlives which fault', { skip: 'only root can make network namespaces' }, () => undefined)

/** Runs this file once more, at one end of a path of 20 ms and 500 Mbit/s. */
async function outside(): Promise<void> {
  const folder = await temporaryFolder(t)
  const wan = path.join(folder, 'wan')
  await must(await program('cc', 'gcc'), ['-O2', '-o', wan, path.join(ROOT, 'bench/wan/wan.c')])
  const script = path.join(ROOT, 'bench/wan/path.sh')
  const command = ['10', '500', '3200', '0', 'cubic', process.execPath, ...process.execArgv]
  const env = { ...process.env, WAN: wan }
  await t.spawn(script, [...command, fileURLToPath(import.meta.url)], { env, timeout: 1_700_000 }, 'on the path')
}

async function inside(): Promise<void> {
  const table = [
    `| fault | tool | ${SERVICES.join(' | ')} | longest silence of the counter, s |`,
    `| --- | --- |${' ---: |'.repeat(SERVICES.length + 1)}`,
  ]
  const upstreams = await startLastingUpstreams(t, GIB)
  const path = await Path.here()
  const ports = await bridgeInto(t, path, upstreams.ports)
  const authority = await Authority.create(t, 'authority of the path')
  const tools: (Tool & { title: string })[] = []
  for (const tool of TOOLS) {
    const version = await tool.version()
    if (version === null) await t.test(tool.name, { skip: 'it is not on PATH' }, () => undefined)
    else tools.push({ ...tool, title: `${tool.name} ${version}` })
  }
  for (const fault of FAULTS) {
    await t.test(fault.name, async (t) => {
      const relays: Relay[] = []
      const via = async (port: number) => {
        if (!fault.relayed) return port
        const relay = await Relay.start(t, port, '0.0.0.0')
        relays.push(relay)
        return relay.port
      }
      const site = { path, upstreams: ports, authority, via, slot: await portSlot(t) }
      const tunnels: Tunnel[] = []
      for (const tool of tools) tunnels.push(await tool.start(t, site))
      const all = await Promise.all(tunnels.map((tunnel) => LastingVisits.open(t, upstreams, tunnel.ports)))
      const before = upstreams.idle.total()
      await all[0]?.download.reached(64 * MIB)
      const silences = all.map((visits) => visits.watchSilence())
      const work = fault.work({ path, relays, ports: tunnels.map(({ control }) => control) })
      await pause(500)
      for (const visits of all) visits.use()
      await work
      const outcomes = await Promise.all(all.map((visits) => visits.outcomes()))
      for (const [at, { name, title }] of tools.entries()) {
        const results = outcomes[at] ?? []
        table.push(`| ${fault.name} | ${title} | ${cells(results)} | ${seconds(results, silences[at])} |`)
        for (const { service, why } of results) if (why !== '') t.comment(`${name}, ${service}: ${why}`)
        if (name !== OURS) continue
        for (const { service, kept, of, why } of results) t.equal(kept, of, `${service}: ${why}`)
        t.equal(upstreams.idle.total(), before, 'no connection was made twice')
      }
    })
  }
  for (const row of table) t.comment(row)
}

function cells(outcomes: readonly Outcome[]): string {
  return outcomes.map(({ kept, of }) => `${kept}/${of}`).join(' | ')
}

/** The counter's silence, for ever when it did not live. */
function seconds(outcomes: readonly Outcome[], silence: (() => number) | undefined): string {
  const lived = outcomes.some(({ service, kept }) => service === 'ssh' && kept === 1)
  return lived && silence !== undefined ? (silence() / 1000).toFixed(1) : 'for ever'
}
