import { Argument, type Command } from 'commander'
import { VERSION } from '../core/version.js'
import { completionScript } from './completion.js'
import { example } from './options.js'
import type { CommandContext } from './program.js'

/** Adds `completion` and `version`, which both programs have. */
export function addCommonCommands(root: Command, { output }: CommandContext): void {
  root
    .command('completion')
    .description('print a script that completes commands and flags')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish'))
    .addHelpText('after', example(`source <(${root.name()} completion bash)`))
    .action((shell: string) => output.text(completionScript(shell, root)))
  root
    .command('version')
    .description('print the version')
    .option('--json', 'print JSON')
    .addHelpText('after', example(`${root.name()} version`, `${root.name()} version --json`))
    .action(({ json }: { json?: boolean }) => {
      const answer = { name: root.name(), version: VERSION }
      output.text(json === true ? `${JSON.stringify(answer)}\n` : `${answer.name} ${answer.version}\n`)
    })
  root.version(`${root.name()} ${VERSION}`, '--version', 'print the version')
}
