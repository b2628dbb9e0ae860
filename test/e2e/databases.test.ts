import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { program } from '../support/places.js'
import { Postgres } from '../support/postgres.js'
import { must } from '../support/processes.js'
import { Agent, Server } from '../support/product.js'
import { startRedis } from '../support/real-servers.js'

t.test('pgbench and redis-benchmark at once, through two tunnels of one agent', async (t) => {
  const [postgres, redis, server] = await Promise.all([Postgres.start(t), startRedis(t), Server.start(t)])
  const token = await server.createToken('databases')
  const agent = await Agent.start(
    t,
    server,
    ['start', '--all', '--config', await configFile(server, postgres.port, redis.port)],
    {
      token,
    },
  )
  const pgbench = path.join(postgres.bin, 'pgbench')
  const to = ['-h', '127.0.0.1', '-p', String(agent.port('postgres')), '-U', 'postgres']
  await must(pgbench, ['-i', '-s', '4', '-q', ...to, 'postgres'])

  const transactions = must(pgbench, ['-c', '16', '-j', '2', '-T', '10', ...to, 'postgres'])
  const benchmark = await program('redis-benchmark', 'redis-tools')
  const at = ['-h', '127.0.0.1', '-p', String(agent.port('redis'))]
  const requests = must(benchmark, [...at, '-c', '50', '-n', '100000', '-t', 'set,get', '--csv'])

  const [pg, rb] = await Promise.all([transactions, requests])
  t.match(pg.out, /number of failed transactions: 0 \(/)
  t.ok(Number(/transactions actually processed: (\d+)/.exec(pg.out)?.[1]) > 100, 'transactions were made')
  t.match(rb.out, /^"SET","[\d.]+"/m)
  t.match(rb.out, /^"GET","[\d.]+"/m)
  t.notMatch(rb.err, /error/i)
})

async function configFile(server: Server, postgres: number, redis: number): Promise<string> {
  const file = path.join(server.folder, 'uniroute.yml')
  const tunnels = { postgres: { kind: 'tcp', upstream: postgres }, redis: { kind: 'tcp', upstream: redis } }
  await writeFile(file, stringify({ tunnels }))
  return file
}
