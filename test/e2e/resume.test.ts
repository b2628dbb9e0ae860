import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { pause } from '../support/hang.js'
import { LastingVisits, startLastingUpstreams, type Ports } from '../support/lasting.js'
import { Agent, Server } from '../support/product.js'
import { Relay } from '../support/relay.js'

const MIB = 1024 ** 2

interface Fault {
  readonly name: string
  begin(relay: Relay): void
  readonly ms: number
  end(relay: Relay): void
}

const FAULTS: readonly Fault[] = [
  { name: 'nothing passes for 7 s, then all of it', ms: 7000, begin: (it) => it.freeze(), end: (it) => it.thaw() },
  { name: 'every connection is reset', ms: 0, begin: (it) => it.cut(), end: () => undefined },
  { name: 'packets are swallowed for 7 s', ms: 7000, begin: (it) => it.swallow(), end: (it) => it.heal() },
]

t.test('visitors outlive the connections of their agent', async (t) => {
  const upstreams = await startLastingUpstreams(t, 256 * MIB)
  // Each waits most of its time for its fault to end: they wait together.
  t.jobs = 2
  const ends = FAULTS.map((fault) =>
    t.test(fault.name, async (t) => {
      const server = await Server.start(t)
      const relay = await Relay.start(t, server.port)
      const agent = await startAgent(t, server, upstreams.ports, relay.port)
      const visits = await LastingVisits.open(t, upstreams, portsOf(agent, upstreams.ports))
      await visits.download.reached(32 * MIB)

      const silence = visits.watchSilence()
      fault.begin(relay)
      visits.use()
      await pause(fault.ms)
      fault.end(relay)
      for (const { service, kept, of, why } of await visits.outcomes()) t.equal(kept, of, `${service}: ${why}`)
      t.comment(`the longest silence of the counter: ${Math.round(silence())} ms`)
      t.equal(await server.metric('uniroute_sessions_total'), 1, 'the session is the same')
    }),
  )
  await Promise.all(ends)
  t.equal(upstreams.idle.total(), FAULTS.length * 50, 'no connection was made twice')
})

async function startAgent(t: Test, server: Server, ports: Ports, via: number): Promise<Agent> {
  const file = path.join(server.folder, 'uniroute.json')
  const tunnels = Object.entries(ports).map(([name, upstream]) => [name, { kind: 'tcp', upstream }] as const)
  await writeFile(file, JSON.stringify({ tunnels: Object.fromEntries(tunnels) }))
  return Agent.start(t, server, ['start', '--all', '--config', file], { via })
}

function portsOf(agent: Agent, services: Ports): Ports {
  return Object.fromEntries(Object.keys(services).map((name) => [name, agent.port(name)])) as Record<
    keyof Ports,
    number
  >
}
