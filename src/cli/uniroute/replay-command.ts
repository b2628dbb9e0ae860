import { type Command, InvalidArgumentError, Option } from 'commander'
import { durationOption, example } from '../options.js'
import type { CommandContext } from '../program.js'

/** Flags of `uniroute replay`. */
export interface ReplayFlags {
  upstream?: string
  upstreamCa?: string
  ignoreHeader?: string[]
  ignoreJson?: string[]
  /** Milliseconds. */
  timeout?: number
  failOnDiff?: true
  json?: true
  config?: string
}

/** `uniroute replay FILE` */
export function addReplayCommand(root: Command, { output }: CommandContext): void {
  root
    .command('replay <file>')
    .description('send the requests of a HAR file once more, and compare the answers with those in the file')
    .option('--upstream <upstream>', 'where they go (default: the upstreams of the tunnels in the configuration)')
    .option('--upstream-ca <file>', 'PEM file with the authority of an https:// upstream')
    .addOption(
      new Option('--ignore-header <name>', 'a field that may differ (repeatable)').argParser<string[]>(
        (name, before) => [...(before ?? []), name],
      ),
    )
    .addOption(
      new Option(
        '--ignore-json <pointer>',
        'a place in JSON that may differ, such as /id or /items/*/at (repeatable)',
      ).argParser(pointers),
    )
    .addOption(durationOption('--timeout <duration>', 'how long an answer may take (default: 30s)', '1h'))
    .option('--fail-on-diff', 'end with exit code 1 when an answer differs')
    .option('--json', 'print the result as JSON')
    .option('--config <file>', 'configuration (env UNIROUTE_CONFIG; default: ~/.config/uniroute/uniroute.yml)')
    .addHelpText(
      'after',
      example(
        'uniroute replay shop.har --upstream 3000',
        'uniroute replay shop.har --upstream 3000 --fail-on-diff --ignore-header etag --ignore-json /createdAt',
      ),
    )
    .action(async (file: string, flags: ReplayFlags) => {
      const { replay } = await import('./replay.js')
      await replay(file, flags, output)
    })
}

function pointers(pointer: string, before: string[] | undefined): string[] {
  if (!/^(\/([^~/]|~[01])*)+$/.test(pointer)) throw new InvalidArgumentError('Write a JSON Pointer, such as /id.')
  return [...(before ?? []), pointer]
}
