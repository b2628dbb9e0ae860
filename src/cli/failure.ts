import { CommanderError } from 'commander'
import { ConfigError, UniRouteError } from '../core/errors.js'
import type { Code } from '../core/error-codes.js'
import { printable } from '../core/printable.js'
import { hideTokens } from '../core/secret.js'

/** How a command that failed ends: exit code, stable code, one sentence for people. */
export interface Failure {
  exitCode: number
  code: Code
  message: string
}

/**
 * Turns whatever was thrown into a failure. What is not one of our errors is a defect and becomes UR_INTERNAL:
 * its message is kept, its stack is not. Null for the "errors" by which commander ends --help and --version.
 */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return null
    const message =
      error.code === 'commander.help' ? 'a command is missing; the help above names them' : usageMessage(error.message)
    return failureOf(new ConfigError('UR_USAGE', message))
  }
  if (error instanceof UniRouteError) {
    const message = error.message.split('\n').map(printable).join('\n')
    return { exitCode: error.exitCode, code: error.code, message: hideTokens(message) }
  }
  const reason = hideTokens(printable(error instanceof Error ? error.message : String(error)))
  const message = `something failed inside this program: ${reason}. Run again with --log-level debug and report it`
  return { exitCode: 1, code: 'UR_INTERNAL', message }
}

/** The stable code of any error; null where it has none. */
export function codeOf(error: Error): Code | null {
  return error instanceof UniRouteError ? error.code : null
}

// "error: unknown option '--tokne'\n(Did you mean --token?)" as one sentence.
function usageMessage(message: string): string {
  const sentence = message
    .replace(/^error: /, '')
    .replace(/\n\((Did you mean .*)\)$/, '. $1')
    .replace(/\s*\n\s*/g, '. ')
    .replace(/\.$/, '')
  const says = /Did you mean|Allowed choices| Write /.test(sentence)
  return says ? sentence : `${sentence}; --help shows how the command is used`
}
