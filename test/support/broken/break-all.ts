import type { Test } from 'tap'
import { BrokenRequests } from './broken-requests.js'

const MIB = 1024 ** 2

export interface BreakOptions {
  /** Requests, of which two fifths each lose the visitor and the upstream, the others the agent. */
  readonly count: number
  /** What the memory in use of each process may grow by, bytes. */
  readonly growth: number
  /** As many more before it is measured what the processes hold. */
  readonly warmUp: number
}

/** Breaks requests at every stage, and checks that neither the server nor the agents keep anything of them. */
export async function breakAll(t: Test, { count, growth, warmUp }: BreakOptions): Promise<void> {
  // A session that may come back would go on with its streams.
  const broken = await BrokenRequests.start(t, { resume_timeout: '0s' })
  const breakSome = async (some: number) => {
    await broken.visitorsGone(some * 0.4)
    await broken.upstreamsGone(some * 0.4)
    await broken.agentsLost(some * 0.2, 'cut')
  }
  await breakSome(warmUp)
  const before = await broken.held()
  await breakSome(count)
  const after = await broken.held(before)
  t.same(broken.wrong, [], 'each request ends as it should')
  for (const [at, name] of ['server', 'agent', 'agent of HTTP/2'].entries()) {
    const grown = after[at]!.memory - before[at]!.memory
    t.ok(grown < growth, `the ${name} keeps ${(grown / MIB).toFixed(2)} MiB more`)
    const resident = after[at]!.resident - before[at]!.resident
    t.comment(`${name}: ${after[at]!.descriptors} descriptors, resident ${(resident / MIB).toFixed(1)} MiB more`)
  }
}

/** Kills agents with requests at every stage: those of the agents are lost with them, the server has to let go. */
export async function breakByKilling(t: Test, { count, growth, warmUp }: BreakOptions): Promise<void> {
  // A session whose agent is killed is kept for as long.
  const broken = await BrokenRequests.start(t, { resume_timeout: '1s' })
  await broken.agentsLost(warmUp, 'killed')
  const [before] = await broken.held()
  await broken.agentsLost(count, 'killed')
  const [after] = await broken.held([before!])
  t.same(broken.wrong, [], 'each request ends as it should')
  const grown = after!.memory - before!.memory
  t.ok(grown < growth, `the server keeps ${(grown / MIB).toFixed(2)} MiB more`)
}
