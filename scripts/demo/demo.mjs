// `make demo`: a development server, an upstream and an agent as real processes on loopback, and one fetch through
// the public address. Runs until Ctrl-C; with ONCE=1 ends after the fetch.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const bin = path.resolve(here, '../../bin')
const folder = mkdtempSync(path.join(tmpdir(), 'uniroute-demo-'))
const running = []
let stopping = false
// From the first moment on: nothing that was started may outlive us.
const signalled = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve)
})

try {
  const shown = show()
  shown.catch(() => undefined)
  const stopped = await Promise.race([shown, signalled])
  if (stopped === undefined && process.env.ONCE !== '1') await untilStopped()
  process.exitCode = 0
} catch (error) {
  console.error(`\nThe demo failed: ${error.message}`)
  process.exitCode = 1
} finally {
  await stopAll()
  rmSync(folder, { recursive: true, force: true })
}

async function show() {
  const upstream = start('upstream', [path.join(here, 'upstream.mjs')])
  const upstreamPort = await upstream.line((line) => Number(line) || undefined)
  console.log(`upstream   a web site on 127.0.0.1:${upstreamPort}`)

  const ports = await Promise.all([8443, 8080, 9464].map(freeOr))
  const [tls, http, metrics] = ports.map((port) => `127.0.0.1:${port}`)
  const listen = ['--listen-tls', tls, '--listen-http', http, '--listen-admin', 'off', '--listen-metrics', metrics]
  const args = ['dev', '--output', 'json', '--data-dir', folder, ...listen]
  const server = start('uniroutd', [path.join(bin, 'uniroutd.js'), ...args])
  const ready = await server.line(event('ready'))
  console.log(
    `server     uniroutd dev: agents and TLS visitors on ${ready.tls}, metrics on http://${ready.metrics}/metrics`,
  )

  const env = { UNIROUTE_SERVER: ready.tls, UNIROUTE_TOKEN: ready.token, UNIROUTE_CA: ready.ca }
  const agent = start('uniroute', [path.join(bin, 'uniroute.js'), 'tcp', String(upstreamPort), '--output', 'json'], env)
  const { tunnels } = await agent.line(event('ready'))
  console.log(`agent      uniroute tcp ${upstreamPort}`)

  const address = tunnels[0].public_url
  console.log(`\npublic address   ${address}\n`)
  const url = address.replace(/^tcp:/, 'http:') + '/'
  const response = await fetch(url)
  console.log(`GET ${url}\n${response.status} ${response.statusText}\n${await response.text()}`)
  if (!response.ok) throw new Error(`the public address answered ${response.status}`)
}

/** Ctrl-C, or one of the processes ends. */
function untilStopped() {
  console.log('Running. Open the address in a browser; Ctrl-C ends it.')
  return Promise.race([signalled, ...running.map((each) => each.failed)])
}

/** Starts a Node program. `line(pick)` gives the first line of its stdout for which `pick` returns something. */
function start(name, args, env = {}) {
  if (stopping) throw new Error('the demo is stopping')
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C comes to us alone: we end them in order
  })
  const errors = []
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
  const exit = new Promise((resolve) => child.once('close', resolve))
  const failed = exit.then((code) => {
    if (!stopping) throw new Error(`${name} ended with exit code ${code}\n${errors.slice(-20).join('\n')}`)
  })
  failed.catch(() => undefined)
  const lines = createInterface({ input: child.stdout })
  const line = (pick) => {
    const found = new Promise((resolve) => {
      lines.on('line', (text) => {
        const value = pick(text)
        if (value !== undefined) resolve(value)
      })
    })
    const late = new Promise((_, reject) => {
      const explain = () => reject(new Error(`${name} was not ready after 30 s\n${errors.slice(-20).join('\n')}`))
      setTimeout(explain, 30_000).unref()
    })
    return Promise.race([found, failed, late])
  }
  running.push({ child, exit, failed })
  return { line }
}

function event(name) {
  return (line) => {
    const parsed = line.startsWith('{') ? JSON.parse(line) : {}
    return parsed.event === name ? parsed : undefined
  }
}

/** The last that was started goes first. */
async function stopAll() {
  stopping = true
  for (const { child, exit } of running.toReversed()) {
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), 5000)
    await exit
    clearTimeout(force)
  }
}

/** `port` if it is free on loopback, otherwise 0: any. */
function freeOr(port) {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(0))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)))
  })
}
