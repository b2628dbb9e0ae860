import { pino } from 'pino'
import { LOG_LEVELS, type LogFields, type LogFormat, type Logger, type LogLevel } from '../core/logger.js'
import { UniRouteError } from '../core/errors.js'
import { hideTokens } from '../core/secret.js'
import { textLine } from './log-text.js'

export interface LoggingOptions {
  level: LogLevel
  format: LogFormat
  /** Takes one whole line, newline included. */
  write(line: string): void
}

/** A logger whose level can be changed while it runs (a reload of the configuration does). */
export interface AdjustableLogger extends Logger {
  setLevel(level: LogLevel): void
}

/**
 * The logger behind both programs: pino, one line an event, as JSON or as text for people.
 * Errors among the fields are written as code and message; one without a code is a defect, and at level debug its
 * stack follows. Tokens, and fields that are named like secrets, are written as `***`, whatever they hold.
 */
export function createLogging(options: LoggingOptions): AdjustableLogger {
  const write = (line: string) => {
    const safe = hideTokens(line)
    options.write(options.format === 'json' ? safe : textLine(safe))
  }
  const threshold = { rank: LOG_LEVELS.indexOf(options.level) }
  const root = pino(
    {
      level: 'debug',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      redact: { paths: SECRET_PATHS, censor: '***' },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => plainErrors(fields, threshold.rank === 0),
      },
    },
    { write },
  )
  return { ...adapt(root, threshold), setLevel: (level) => void (threshold.rank = LOG_LEVELS.indexOf(level)) }
}

const SECRET_NAMES = ['secret', 'password', 'authorization', 'private_key']
const SECRET_PATHS = SECRET_NAMES.flatMap((name) => [name, `*.${name}`])

// The threshold is shared by all children, because a pino child keeps the level that it was born with.
function adapt(logger: pino.Logger, threshold: { rank: number }): Logger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error', rank = LOG_LEVELS.indexOf(level)) =>
    (fields: LogFields, message: string) => {
      if (rank >= threshold.rank) logger[level](fields, message)
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => adapt(logger.child(fields), threshold),
  }
}

function plainErrors(fields: LogFields, withStack: boolean): Record<string, unknown> {
  const plain: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    plain[name] = value instanceof Error ? plainError(value, withStack) : value
  }
  return plain
}

function plainError(error: Error, withStack: boolean): Record<string, unknown> {
  const code = error instanceof UniRouteError ? error.code : (error as NodeJS.ErrnoException).code
  const unexpected = code === undefined
  return {
    ...(unexpected ? {} : { code }),
    message: error.message,
    ...(withStack && unexpected ? { stack: error.stack } : {}),
  }
}
