import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from './places.js'
import { must } from './processes.js'

export interface CallResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

// What a call prints is taken from where it would go, so that each has its own.
const CALLER = `
const [file, name, calls] = process.argv.slice(1)
const program = (await import(file))[name]
for (const each of [process, process.stdout, process.stderr]) each.setMaxListeners(0)
const write = process.stdout.write.bind(process.stdout)
const results = []
for (const args of JSON.parse(calls)) {
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr']) {
    process[stream].write = (text, ...rest) => {
      said[stream] += text
      const done = rest.at(-1)
      if (typeof done === 'function') process.nextTick(done)
      return true
    }
  }
  const code = await program(args)
  results.push({ code, out: said.stdout, err: said.stderr })
}
write(JSON.stringify(results))
`

/**
 * What each call of a program gives, all in one process, one after the other: for command lines that are answered at once,
 * of which starting the program would take most of the time. Texts are as `run` gives them; `dist/` has to be built.
 */
export async function callAll(
  name: 'uniroute' | 'uniroutd',
  calls: readonly (readonly string[])[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<CallResult[]> {
  const file = pathToFileURL(path.join(ROOT, 'dist/cli', name, 'main.js')).href
  const args = ['--input-type=module', '-e', CALLER, file, name, JSON.stringify(calls)]
  const { out } = await must(process.execPath, args, options)
  const results = JSON.parse(out) as CallResult[]
  const bare = (text: string): string => text.replace(/\n$/, '')
  return results.map(({ code, out, err }) => ({ code, out: bare(out), err: bare(err) }))
}
