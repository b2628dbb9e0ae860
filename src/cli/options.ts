import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Override } from '../config/index.js'
import { parseDuration } from '../config/units.js'
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '../core/logger.js'
import type { OutputMode } from './output.js'

/** Flags that both programs have where they run for long. */
export interface RunningFlags {
  logLevel?: LogLevel
  logFormat?: LogFormat
  output: OutputMode
  /** Milliseconds. */
  gracePeriod?: number
}

/** Adds --log-level, --log-format, --output and --grace-period. */
export function addRunningOptions(command: Command): Command {
  return command
    .addOption(
      durationOption(
        '--grace-period <duration>',
        'time for open connections to end after a stop signal (default: 30s)',
      ),
    )
    .addOption(new Option('--log-level <level>', 'least important lines to log (default: info)').choices(LOG_LEVELS))
    .addOption(
      new Option('--log-format <format>', 'log lines for people or for programs (default: text)').choices(LOG_FORMATS),
    )
    .addOption(
      new Option('--output <form>', 'json: one object a line on stdout, for programs')
        .choices(['text', 'json'])
        .default('text', 'text'),
    )
}

/** As `grace_period` in the configuration of the server. */
const MAX_DURATION = '24h'

/** An option whose value is a duration such as 30s, up to `max`, in milliseconds. A number alone is seconds. */
export function durationOption(flags: string, description: string, max = MAX_DURATION): Option {
  return new Option(flags, description).argParser((text: string) => {
    const duration = parseDuration(/^\d+$/.test(text) ? `${text}s` : text)
    if (duration === undefined || duration > (parseDuration(max) ?? 0)) {
      throw new InvalidArgumentError(`Write a duration of up to ${max}, such as 30s or 5m.`)
    }
    return duration
  })
}

/** Adds the option every `flags` names, and remembers under which key of the configuration its value belongs. */
export function addConfigOptions(command: Command, rows: readonly ConfigOption[]): Command {
  for (const { flags, description } of rows) command.addOption(new Option(flags, description))
  return command
}

/** A flag that sets a key of the configuration: `path` in it, `flags` as commander writes them. */
export interface ConfigOption {
  flags: string
  description: string
  path: readonly string[]
}

/** The values that were given for `rows`, for the loader of the configuration, which checks them. */
export function overridesOf(rows: readonly ConfigOption[], given: Readonly<Record<string, unknown>>): Override[] {
  return rows.flatMap(({ flags, path }) => {
    const option = new Option(flags)
    const value = given[option.attributeName()]
    return value === undefined ? [] : [{ path, value, origin: option.long as string }]
  })
}

/** Text below the help of a command. */
export function example(...lines: string[]): string {
  return `\nExample${lines.length > 1 ? 's' : ''}:\n${lines.map((line) => `  $ ${line}`).join('\n')}`
}
