import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readChoice } from '../lib/choice.js'
import { Processes } from '../lib/processes.js'
import { publish } from '../lib/publish.js'
import { repository } from '../lib/repository.js'
import { runAll } from '../lib/run.js'
import { WAN_TOOLS } from '../tools/index.js'
import { WAN } from './scenarios.js'

// The second table: over a path with 50 ms and 500 Mbit/s. bench/run-wan.sh starts it, as root.
const choice = readChoice({ runs: 3, seconds: 8 })
const processes = new Processes()
const { folder } = processes
const source = join(repository, 'bench', 'wan')
const emulator = join(folder, 'wan')
await processes.run('cc', ['cc', '-O2', '-o', emulator, join(source, 'wan.c')])
const algorithms = readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control', 'utf8')

const tools = WAN_TOOLS.filter((tool) => {
  const missing = choice.tools(tool.id) ? tool.missing({ isolated: true }) : 'not asked for'
  if (missing !== null) console.log(`without ${tool.id}: ${missing}`)
  return missing === null
})
const inside = fileURLToPath(new URL('./inside.js', import.meta.url))
const rows = await runAll(WAN, tools, choice, async (tool, scenario) => {
  const congestion = scenario.path.at(-1) ?? ''
  if (!algorithms.includes(congestion)) throw new Error(`this kernel has no ${congestion}`)
  const measure = [process.execPath, inside, scenario.id, tool.id, String(choice.seconds)]
  const command = [join(source, 'path.sh'), ...scenario.path, ...measure]
  const env = { ...process.env, WAN: emulator }
  const output = await processes.run('path', command, { env, timeoutMs: (choice.seconds + 90) * 1000 })
  const result = /^result (.*)$/m.exec(output)?.[1]
  if (result === undefined) throw new Error(/^failed (.*)$/m.exec(output)?.[1] ?? output.slice(-300))
  return JSON.parse(result) as Record<string, number>
})
publish('wan', rows, tools, choice)
