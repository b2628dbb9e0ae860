import type { Command } from 'commander'
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
