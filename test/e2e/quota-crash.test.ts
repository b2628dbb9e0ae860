import path from 'node:path'
import t from 'tap'
import { eventually } from '../support/hang.js'
import { program } from '../support/places.js'
import { Postgres } from '../support/postgres.js'
import { must } from '../support/processes.js'
import { Agent, Server, type ServerOptions } from '../support/product.js'
import { echo, echoOn, startEcho, visit } from '../support/pumps.js'

const KB = 1000
/** Bytes of a day are written down every 10 seconds. */
const WRITTEN_MS = 25_000

async function limitedToken(server: Server, name: string): Promise<string> {
  const made = await server.uniroutd('token', 'create', name, '--bytes-per-day', '2MB', '--json')
  const { token } = JSON.parse(made.out) as { token: string }
  server.tokens.push(token)
  return token
}

/** What the table of quotas says, whatever the day is. */
type Written = () => Promise<number>

async function writtenInFile(server: Server): Promise<Written> {
  const sqlite = await program('sqlite3', 'sqlite3')
  const sum = 'select coalesce(sum(bytes), 0) from token_usage'
  return async () => Number((await must(sqlite, ['-readonly', path.join(server.folder, 'data/uniroute.db'), sum])).out)
}

const reaches = (what: string, written: Written, bytes: number) =>
  eventually(
    what,
    async () => {
      const now = await written()
      if (now !== bytes) throw new Error(`${now} are written, not ${bytes}`)
    },
    WRITTEN_MS,
  )

/** Moves so many bytes, there and back: twice as many count. */
async function move(agent: Agent, bytes: number): Promise<void> {
  const visitor = await visit(agent.port())
  await echoOn(visitor, Buffer.alloc(bytes, 'x'))
  visitor.destroy()
}

t.jobs = 2

t.test('bytes of the day after kill -9: what was written stays, once, and the day goes on', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const args = ['tcp', String(upstream.port)]
  const token = await limitedToken(server, 'laptop')
  const agent = await Agent.start(t, server, args, { token })
  const written = await writtenInFile(server)
  await move(agent, 300 * KB)
  await reaches('the first bytes', written, 600 * KB)

  // These are younger than the last write: the crash forgets them, and nothing else.
  await move(agent, 100 * KB)
  await server.process.stop('SIGKILL')
  const left = await written()
  t.ok(left === 600 * KB || left === 800 * KB, `${left} are left`)
  for (let crashes = 1; crashes <= 2; crashes++) {
    const seen = agent.process.out.length
    await server.launch()
    await agent.process.event('tunnel', { from: seen })
    await move(agent, 100 * KB)
    await reaches(`crash ${crashes}`, written, left + crashes * 200 * KB)
    await server.process.stop('SIGKILL')
  }
  const seen = agent.process.out.length
  await server.launch()
  await agent.process.event('tunnel', { from: seen })
  const rest = 2000 * KB - left - 400 * KB
  t.ok(rest > 0)
  // It may be cut off where the day is used up, or be faster than that is seen.
  await move(agent, rest / 2 + 50 * KB).catch(() => undefined)
  await eventually('the end of the day', () => t.rejects(echo(agent.port()), 'nobody is let in any more'))
})

t.test(
  'bytes of the day, on two servers with one PostgreSQL: both add to it, and a crash of one loses no more',
  async (t) => {
    const postgres = await Postgres.start(t)
    const store = await postgres.freshDatabase()
    const options: ServerOptions = { start: false, config: { store } }
    const [one, other, upstream] = await Promise.all([Server.start(t, options), Server.start(t, options), startEcho(t)])
    const token = await limitedToken(one, 'laptop')
    await one.launch()
    await other.launch()
    const written: Written = async () => {
      const [row] = await postgres.query('select coalesce(sum(bytes), 0)::float8 as bytes from token_usage', store)
      return Number((row as { bytes: number }).bytes)
    }
    const args = ['tcp', String(upstream.port)]
    const agents = [await Agent.start(t, one, args, { token }), await Agent.start(t, other, args, { token })]
    await Promise.all(agents.map((agent) => move(agent, 200 * KB)))
    await reaches('the bytes of both', written, 800 * KB)

    await one.process.stop('SIGKILL')
    await move(agents[1]!, 100 * KB)
    await reaches('those of the other', written, 1000 * KB)
    const seen = agents[0]!.process.out.length
    await one.launch()
    await agents[0]!.process.event('tunnel', { from: seen })
    // It reads what both wrote, and adds to it.
    await move(agents[0]!, 450 * KB)
    await reaches('what came behind the restart', written, 1900 * KB)
    await move(agents[0]!, 100 * KB).catch(() => undefined)
    await eventually('the end of the day', () => t.rejects(echo(agents[0]!.port()), 'by what both counted'))
  },
)
