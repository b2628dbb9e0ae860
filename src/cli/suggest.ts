import { type Command, CommanderError } from 'commander'
import type { ForeignWords } from '../config/foreign.js'
import { nearest } from '../config/nearest.js'
import { ConfigError } from '../core/errors.js'
import { printable } from '../core/printable.js'

const FAR = 3

/** The error for a word that is no command of `root`, with the nearest command where one is near. */
export function unknownCommand(word: string, root: Command): ConfigError {
  const names = root
    .createHelp()
    .visibleCommands(root)
    .map((command) => command.name())
  const found = nearest(word, names)
  const hint = found && found.distance <= FAR ? `did you mean ${found.word}?` : `there are: ${names.join(', ')}`
  return new ConfigError('UR_USAGE', `unknown command '${printable(word)}'; ${hint}`)
}

/**
 * What is thrown instead of commander's error for an unknown option: other commands that have it are named, or how it is
 * written here what other programs call so. Anything else as it is.
 */
export function withFlagHint(error: unknown, root: Command, foreign: ForeignWords): unknown {
  if (!(error instanceof CommanderError) || error.code !== 'commander.unknownOption') return error
  const flag = /'(--[^'=]+)/.exec(error.message)?.[1]
  if (flag === undefined) return error
  const owners = commandsWith(flag, root, [root.name()])
  const translation = foreign.flag(flag)
  if (owners.length === 0 && translation === null) return error
  const shown = printable(flag)
  const hint =
    owners.length > 0
      ? `this command has no such flag, but these have: ${owners.slice(0, MOST_OWNERS).join(', ')}${owners.length > MOST_OWNERS ? ', …' : ''}`
      : `here: ${translation}`
  return new ConfigError('UR_USAGE', `unknown option '${shown}'; ${hint}`)
}

const MOST_OWNERS = 4

function commandsWith(flag: string, command: Command, path: readonly string[]): string[] {
  const here = command.options.some(({ long }) => long === flag) ? [path.join(' ')] : []
  return [...here, ...command.commands.flatMap((each) => commandsWith(flag, each, [...path, each.name()]))]
}
