import { Command } from 'commander'
import type { ForeignWords } from '../config/foreign.js'
import { failureOf } from './failure.js'
import { Output, type OutputMode } from './output.js'
import { withFlagHint } from './suggest.js'

/** Handed to every command's action. */
export interface CommandContext {
  output: Output
  /** Where a defect is told that ends the program, instead of on stderr: a server has a log. */
  onCrash(write: (message: string) => void): void
}

/**
 * Runs one of the two programs to its end: parses the command line, runs the command, reports a failure as one
 * sentence on stderr (and as an event on stdout with `--output json`) and returns the exit code. `foreign`: how other
 * programs call its flags.
 */
export async function runProgram(
  name: string,
  argv: string[],
  build: (root: Command, context: CommandContext) => void,
  foreign: ForeignWords,
): Promise<number> {
  const output = new Output(outputMode(argv), process.stdout)
  // Nobody reads it, or its disk is full: whoever has no log any more goes on without one.
  process.stderr.on('error', () => undefined)
  const root = new Command(name)
  root.exitOverride().configureOutput({ outputError: () => undefined })
  let writeCrash: ((message: string) => void) | null = null
  build(root, { output, onCrash: (write) => (writeCrash = write) })
  const report = (error: unknown) => {
    const failure = failureOf(withFlagHint(error, root, foreign))
    if (!failure) return 0
    output.failure(failure)
    if (failure.code === 'UR_INTERNAL' && writeCrash !== null) writeCrash(failure.message)
    else process.stderr.write(`${name}: ${failure.message} (${failure.code})\n`)
    if (failure.code === 'UR_INTERNAL' && isDebug(argv) && error instanceof Error)
      process.stderr.write(`${error.stack}\n`)
    return failure.exitCode
  }
  process.on('uncaughtException', (error) => process.exit(report(error)))
  try {
    await root.parseAsync(argv, { from: 'user' })
    await output.flush()
    return 0
  } catch (error) {
    return report(error)
  }
}

// Read before commander does, so that even a wrong command line is reported in the form that was asked for.
function outputMode(argv: string[]): OutputMode {
  const at = argv.indexOf('--output')
  return argv.includes('--output=json') || (at >= 0 && argv[at + 1] === 'json') ? 'json' : 'text'
}

function isDebug(argv: string[]): boolean {
  const at = argv.indexOf('--log-level')
  return argv.includes('--log-level=debug') || (at >= 0 && argv[at + 1] === 'debug')
}
