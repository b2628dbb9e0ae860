import t, { type Test } from 'tap'
import { ensureBuilt } from '../support/build.js'
import { callAll, type CallResult } from '../support/cli-calls.js'
import { BIN } from '../support/product.js'
import { run } from '../support/processes.js'

t.before(() => ensureBuilt())

/** Commands that print nothing for programs: a script for a shell, or themselves but other commands. */
const WITHOUT_JSON = ['completion']
/** What each of the two has at least: a walk that finds nothing must not pass. */
const LEAST = { uniroutd: 40, uniroute: 11 }

/** Looks at the help of a program, and of all commands below it. Gives their names. */
async function walk(t: Test, name: keyof typeof BIN): Promise<string[]> {
  const names: string[] = []
  for (let level: string[][] = [[]]; level.length > 0;) {
    const helps = await callAll(
      name,
      level.map((path) => [...path, '--help']),
    )
    level = level.flatMap((path, i) => below(t, name, path, helps[i]!).map((command) => [...path, command]))
    names.push(...level.map((path) => path.join(' ')))
  }
  return names
}

/** Looks at one help; gives the commands in it. */
function below(t: Test, name: string, path: readonly string[], { code, out, err }: CallResult): string[] {
  const command = [name, ...path].join(' ')
  t.equal(code, 0, command)
  t.match(out, new RegExp(`Usage: ${command}\\b[^]*Examples?:\\n {2}\\$ `), `${command}: help with an example`)
  t.notMatch(out, /\(default: [^)]*\)\s+\(default:/, `${command}: a default is told once`)
  t.equal(err, '', command)
  const commands = commandsIn(out)
  if (commands.length === 0 && !WITHOUT_JSON.includes(path.join(' '))) {
    t.match(out, /^ {2}--(json|output)\b/m, `${command}: as JSON`)
  }
  return commands
}

function commandsIn(help: string): string[] {
  const [, list = ''] = /^Commands:\n((?: .*\n?)+)/m.exec(help) ?? []
  const names = [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, command = '']) => command)
  return names.filter((command) => command !== 'help')
}

for (const name of ['uniroutd', 'uniroute'] as const) {
  t.test(`every command of ${name} has help with an example, and says what it prints as JSON`, async (t) => {
    const names = await walk(t, name)
    t.ok(names.length >= LEAST[name], `${names.length} commands: ${names.join(', ')}`)
  })
}

t.test('what is checked, and the version, as JSON', async (t) => {
  const version = await run(process.execPath, [BIN.uniroute, 'version', '--json'])
  t.match(JSON.parse(version.out), { name: 'uniroute', version: /^\d+\.\d+\.\d+$/ })
  const file = t.testdir({ 'uniroute.yml': 'tunnels: { db: { kind: tcp, upstream: 5432 } }\n' }) + '/uniroute.yml'
  const config = await run(process.execPath, [BIN.uniroute, 'config', 'check', '--json', '--config', file])
  t.match(JSON.parse(config.out), { file, valid: true, tunnels: ['db'], warnings: [] })
  const data = t.testdir({ 'uniroutd.yml': 'domain: t.example\ndata_dir: /dev/null\ncerts: { mode: dev }\n' })
  const checked = await run(process.execPath, [BIN.uniroutd, 'check', '--json', '--config', `${data}/uniroutd.yml`])
  t.not(checked.code, 0)
  const findings = checked.out.split('\n').filter((line) => line !== '')
  t.ok(findings.length > 1, checked.err)
  for (const finding of findings) t.match(JSON.parse(finding), { what: /\w/ })
  t.ok(findings.some((finding) => (JSON.parse(finding) as { problem: unknown }).problem !== null))
})
