import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { eventually } from './hang.js'
import { freePort, program, temporaryFolder, type Owner } from './places.js'
import { Process, run } from './processes.js'

/** A server that a test started on loopback. */
export interface RealServer {
  readonly port: number
  readonly folder: string
  readonly process: Process
}

const root = process.getuid?.() === 0

/** Redis without a file of its own. */
export async function startRedis(t: Owner): Promise<RealServer> {
  const file = await program('redis-server', 'redis-server')
  const cli = await program('redis-cli', 'redis-tools')
  const folder = await temporaryFolder(t)
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const server = new Process('redis', file, args)
  t.teardown(() => server.stop())
  await eventually('Redis to answer', async () => {
    if (server.ending !== null) throw new Error(server.describe())
    const { out } = await run(cli, ['-h', '127.0.0.1', '-p', String(port), 'ping'])
    if (out !== 'PONG') throw new Error(out)
  })
  return { port, folder, process: server }
}

/** nginx with the given `http { … }` body; `$PORT` in it is the port that it listens on. */
export async function startNginx(t: Owner, http: string): Promise<RealServer> {
  const file = await program('nginx', 'nginx-light')
  const folder = await temporaryFolder(t)
  const port = await freePort()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const config = `
${root ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr;
events { worker_connections 1024; }
http {
  access_log ${folder}/access.log;
${paths.map((each) => `  ${each}_temp_path ${folder}/${each};`).join('\n')}
${http.replaceAll('$PORT', String(port))}
}
`
  const configFile = path.join(folder, 'nginx.conf')
  await writeFile(configFile, config)
  const server = new Process('nginx', file, ['-p', folder, '-e', 'stderr', '-c', configFile])
  t.teardown(() => server.stop('SIGQUIT'))
  await accepts(server, port)
  return { port, folder, process: server }
}

/**
 * HAProxy as an outer load balancer: takes TCP on a free port and sends it to `target` with a PROXY header in front.
 */
export async function startLoadBalancer(t: Owner, target: number, version: 1 | 2): Promise<RealServer> {
  const file = await program('haproxy', 'haproxy')
  const folder = await temporaryFolder(t)
  const port = await freePort()
  const header = version === 1 ? 'send-proxy' : 'send-proxy-v2'
  const config = `
global
  maxconn 200
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen outer
  bind 127.0.0.1:${port}
  server inner 127.0.0.1:${target} ${header}
`
  const configFile = path.join(folder, 'haproxy.cfg')
  await writeFile(configFile, config)
  const server = new Process('haproxy', file, ['-db', '-f', configFile])
  t.teardown(() => server.stop('SIGTERM'))
  await accepts(server, port)
  return { port, folder, process: server }
}

/** Waits until `port` shows in the kernel's table of listening sockets: no connection is made to find out. */
async function accepts(server: Process, port: number): Promise<void> {
  await eventually(`${server.name} to listen on ${port}`, async () => {
    if (server.ending !== null) throw new Error(server.describe())
    const table = await readFile('/proc/net/tcp', 'utf8')
    const hex = port.toString(16).toUpperCase().padStart(4, '0')
    if (!new RegExp(`:${hex} 00000000:0000 0A`).test(table)) throw new Error('not yet')
  })
}
