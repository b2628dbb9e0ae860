import type { Test } from 'tap'
import { eventually, pause } from '../hang.js'
import { MemoryWatch, residentBytes } from '../memory.js'
import { cpuSeconds } from './cpu.js'
import { Crowd, type CrowdOptions } from './crowd.js'
import type { Cut } from './cuts.js'
import { histogram, spread } from './figures.js'
import type { Wait } from './newcomers.js'
import { sharedNow } from './program.js'

const MIB = 1024 ** 2
/** What a connection of an agent may cost the server, most of it TLS. */
const CARRIER_BYTES = 96 * 1024
const STEP_MS = 100
/** The part of the agents that a cut hits: one may be about to make a further connection, which comes through. */
const MOSTLY = 0.9
/** How long it is watched before and after, ms: newcomers of quiet times to compare with, further carriers that come late. */
const QUIET_MS = 2_000
const AFTER_MS = 4_000

export interface StormOptions extends CrowdOptions {
  readonly cuts: readonly Cut[]
}

/**
 * Many sessions with visitors lose their connections at once and come back at once, while others come: nothing is lost
 * or doubled, nobody is reset, everybody is served, and the server's memory keeps its bounds. Prints how long it took.
 */
export async function storm(t: Test, options: StormOptions): Promise<void> {
  const crowd = await Crowd.gather(t, options)
  const { server } = crowd
  for (const cut of options.cuts) await t.test(cut.name, (t) => cutAndBack(t, crowd, cut, options))

  const { newcomers, visitors } = await crowd.disperse()
  t.comment(`${visitors.records} records of ${(visitors.sent / MIB).toFixed(1)} MiB`)
  t.equal(visitors.came, visitors.sent, 'every byte came back, and none twice')
  t.same(crowd.faults.slice(0, 10), [], 'in order, on connections that were neither closed nor reset')
  t.equal(await server.metric('uniroute_sessions_total'), options.sessions + newcomers.sessions, 'no session ended')
  const upstream = (await crowd.reports()).reduce((sum, report) => sum + report.upstream, 0)
  t.equal(upstream, options.sessions * options.visitors + newcomers.away, 'no connection was made twice')
}

async function cutAndBack(t: Test, crowd: Crowd, cut: Cut, { sessions, heldBytes }: StormOptions): Promise<void> {
  const { server, path } = crowd
  const { pid } = server.process
  await pause(QUIET_MS)
  await crowd.dials()
  const carriers = await server.metric('uniroute_carriers')
  const before = await residentBytes(pid)
  const memory = new MemoryWatch(pid)

  const cutAt = sharedNow()
  await cut.begin(path)
  await pause(cut.ms)
  await printHeld(t, server)
  const cpu = cpuSeconds(pid)
  const flowing = crowd.flows()
  const backAt = sharedNow()
  cut.end(path)
  const flows = await flowing
  t.comment(`every stream flows again after, ${spread(flows.map((at) => at - backAt))}`)
  t.comment(`CPU of the server until then: ${(cpuSeconds(pid) - cpu).toFixed(2)} s`)
  t.comment(`lag of its event loop: ${await server.metric('nodejs_eventloop_lag_max_seconds')} s at most`)
  await eventually('the end of the last hold', async () => {
    if ((await server.metric('uniroute_held_sessions')) > 0) throw new Error('sessions are held')
  })
  await pause(AFTER_MS)

  const dials = await crowd.dials()
  const peak = await memory.stop()
  const bound = before + heldBytes + (carriers + dials.length) * CARRIER_BYTES
  t.comment(`memory of the server: ${mib(before)} MiB before, ${mib(peak)} MiB at most, bound ${mib(bound)} MiB`)
  t.ok(peak <= bound, 'its memory keeps the bound')
  checkDials(t, dials, { sessions, backAt, cut })
  t.comment(`carriers: ${carriers} before, ${await server.metric('uniroute_carriers')} after`)
  printWaits(t, await crowd.waits(), [cutAt, backAt, Math.max(...flows)])

  const reports = await crowd.reports()
  const returns = reports.flatMap((report) => report.returns.filter(([, at]) => at > cutAt))
  t.comment(`agents are back after, ${spread(returns.map(([, at]) => at - backAt))}`)
  t.ok(new Set(returns.map(([agent]) => agent)).size >= MOSTLY * sessions, 'the cut was one: agents had to return')
  t.comment(`what their tries failed with: ${JSON.stringify(reports.map(({ failures }) => failures))}`)
  t.equal(
    reports.reduce((sum, { anew }) => sum + anew, 0),
    0,
    'no agent had to begin anew',
  )
  t.same(
    reports.flatMap((report) => report.cut),
    [],
    'no visitor was cut off',
  )
}

async function printHeld(t: Test, server: Crowd['server']): Promise<void> {
  const [sessions, visitors, kept] = await Promise.all(
    ['held_sessions', 'held_connections', 'resend_buffer_bytes'].map((name) => server.metric(`uniroute_${name}`)),
  )
  t.comment(`held: ${sessions} sessions, ${visitors} visitors, ${mib(kept ?? 0)} MiB to be sent again`)
}

/** Agents that were away for a while do not come in the same moment. */
function checkDials(
  t: Test,
  dials: readonly number[],
  { sessions, backAt, cut }: { sessions: number; backAt: number; cut: Cut },
): void {
  const after = dials.filter((at) => at >= backAt).map((at) => at - backAt)
  const steps = histogram(after, STEP_MS)
  t.comment(`connections dialled each ${STEP_MS} ms from the return on: ${steps.join(' ')}`)
  t.comment(`together ${after.length}, and ${dials.length - after.length} before`)
  // Few of them in few processes come together as soon as the machine makes one of those wait.
  const isTold = cut.ms > 0 && sessions >= TELLING
  if (isTold) t.ok(Math.max(...steps) <= sessions / 2, `at most half of the agents come in the same ${STEP_MS} ms`)
}

/** So many agents show whether they spread. */
const TELLING = 500

const KINDS: Readonly<Record<Wait['kind'], string>> = {
  session: 'a new session',
  own: 'a visitor of a new session',
  standing: 'a visitor of a session that stays',
  away: 'a visitor of a session that is away',
}

function printWaits(t: Test, waits: readonly Wait[], [cutAt, backAt, flowAt]: readonly [number, number, number]): void {
  const spans = { before: [0, cutAt], 'in the cut': [cutAt, backAt], 'in the return': [backAt, flowAt] } as const
  for (const [kind, what] of Object.entries(KINDS)) {
    const of = waits.filter((wait) => wait.kind === kind)
    const parts = Object.entries(spans).map(
      ([span, [from, to]]) => `${span} ${spread(of.filter(({ at }) => at >= from && at < to).map(({ ms }) => ms))}`,
    )
    t.comment(`${what} waits: ${parts.join('; ')}`)
  }
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1)
}
