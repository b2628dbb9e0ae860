import type { Command } from 'commander'
import { ConfigError } from '../core/errors.js'

const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** One command of a program as a shell has to know it. */
interface Entry {
  /** Names from the program to here, without the program's own: `token create`. */
  path: string
  description: string
  words: { text: string; description: string }[]
}

/** A shell script that completes commands and flags of `root`. Throws ConfigError(UR_USAGE) for an unknown shell. */
export function completionScript(shell: string, root: Command): string {
  const entries = entriesOf(root, [])
  switch (shell) {
    case 'bash':
      return bash(root.name(), entries)
    case 'zsh':
      return zsh(root.name(), entries)
    case 'fish':
      return fish(root.name(), entries)
    default:
      throw new ConfigError(
        'UR_USAGE',
        `there is no completion for the shell "${shell}"; there is one for ${SHELLS.join(', ')}`,
      )
  }
}

function entriesOf(command: Command, path: string[]): Entry[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command)
  const words = [
    ...commands.map((each) => ({ text: each.name(), description: each.description() })),
    ...help
      .visibleOptions(command)
      .map((each) => ({ text: each.long ?? each.short ?? '', description: each.description })),
  ]
  const entry = { path: path.join(' '), description: command.description(), words }
  const real = commands.filter((each) => each.name() !== 'help')
  return [entry, ...real.flatMap((each) => entriesOf(each, [...path, each.name()]))]
}

// The words of the command line that are command names, joined by spaces, choose the list.
function cases(entries: Entry[], body: (entry: Entry) => string): string {
  return entries.map((entry) => `    '${entry.path}') ${body(entry)} ;;`).join('\n')
}

function pathOf(entries: Entry[]): string {
  const known = entries.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`)
  return known.length === 0 ? "''" : known.join('|')
}

function bash(name: string, entries: Entry[]): string {
  return `_${name}() {
  local word path='' words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in ${pathOf(entries)}) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases(entries, ({ words }) => `words='${words.map(({ text }) => text).join(' ')}'`)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${name} ${name}
`
}

function zsh(name: string, entries: Entry[]): string {
  const described = ({ words }: Entry) =>
    `found=(${words.map(({ text, description }) => quote(`${text.replaceAll(':', '\\:')}:${description}`)).join(' ')})`
  return `#compdef ${name}
_${name}() {
  local word at=''
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${at:+$at }$word" in ${pathOf(entries)}) at="\${at:+$at }$word" ;; esac
  done
  case "$at" in
${cases(entries, described)}
  esac
  _describe '${name}' found || _files
}
compdef _${name} ${name}
`
}

function fish(name: string, entries: Entry[]): string {
  const lines = entries.flatMap(({ path, words }) => {
    const when =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map((part) => `__fish_seen_subcommand_from ${part}`)
            .join('; and ')
    return words.map(({ text, description }) => {
      const what = text.startsWith('--')
        ? `-l ${text.slice(2)}`
        : text.startsWith('-')
          ? `-s ${text.slice(1)}`
          : `-a ${text}`
      return `complete -c ${name} -n '${when}' ${what} -d ${quote(description)}`
    })
  })
  return `${lines.join('\n')}\n`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
