import { type Command, Option } from 'commander'
import type { ConfigOption } from '../options.js'

/** Flags of the inspector that set keys of the configuration. */
export const INSPECT_OPTIONS: readonly ConfigOption[] = [
  {
    flags: '--inspect [boolean]',
    description: 'keep what passes and show it on pages of its own (default: true)',
    path: ['inspect', 'enabled'],
  },
  {
    flags: '--inspect-addr <host:port>',
    description: 'where these pages are (default: 127.0.0.1:4040, or the next free port)',
    path: ['inspect', 'addr'],
  },
  {
    flags: '--inspect-memory <size>',
    description: 'what all requests that are kept may take (default: 50MB)',
    path: ['inspect', 'memory'],
  },
  {
    flags: '--inspect-body <size>',
    description: 'how much is kept of each body (default: 1MB)',
    path: ['inspect', 'body'],
  },
  {
    flags: '--inspect-reveal',
    description: 'keep the secrets of header fields in memory, to be shown when they are asked for',
    path: ['inspect', 'reveal'],
  },
  {
    flags: '--inspect-store <folder>',
    description: 'keep requests across restarts in this folder (default: do not)',
    path: ['inspect', 'store'],
  },
]

/** Adds the flags of the inspector. */
export function addInspectOptions(command: Command): Command {
  const group = 'The inspector (docs/inspector.md):'
  for (const { flags, description } of INSPECT_OPTIONS)
    command.addOption(new Option(flags, description).helpGroup(group))
  const repeatable = (flags: string, description: string): Option =>
    new Option(flags, `${description} (repeatable)`)
      .helpGroup(group)
      .argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text])
  return command
    .addOption(
      repeatable('--inspect-redact <name>', 'one more secret: a header field, or a path in JSON such as $.user.pin'),
    )
    .addOption(repeatable('--proto <file>', 'describes gRPC messages; without it the upstream is asked'))
    .addOption(repeatable('--inspect-allow-host <name>', 'a name by which these pages may be called'))
    .addOption(new Option('--no-inspect', 'keep nothing of what passes, and show nothing').helpGroup(group))
}
