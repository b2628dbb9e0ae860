import t from 'tap'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Command } from 'commander'
import { completionScript } from '../../src/cli/completion.js'

const run = promisify(execFile)

function sample(): Command {
  const root = new Command('demo').description("it's a demo")
  root.command('tcp <upstream>').description("a service's port").option('--remote-port <port>', 'the port')
  const token = root.command('token').description('tokens')
  token.command('create <name>').description('make one').option('--json', 'as JSON')
  token.command('list').description('show all')
  root.command('http', { hidden: true })
  return root
}

/** What bash offers for a command line whose last word is unfinished. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `${completionScript('bash', sample())}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_demo
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run('bash', ['--norc', '-c', script])
  return stdout.split('\n').filter((line) => line !== '')
}

t.test('bash completes commands, flags and commands of commands', async (t) => {
  t.strictSame(await offered('demo', 't'), ['tcp', 'token'])
  t.strictSame(await offered('demo', 'tcp', '--r'), ['--remote-port'])
  t.strictSame(await offered('demo', 'tcp', '5432', '--r'), ['--remote-port'])
  t.strictSame(await offered('demo', 'token', ''), ['create', 'list', 'help', '--help'])
  t.strictSame(await offered('demo', 'token', 'create', '--'), ['--json', '--help'])
  t.strictSame(await offered('demo', 'h'), ['help'], 'hidden commands stay hidden')
})

t.test('zsh and fish get what the shell can read', async (t) => {
  t.match(completionScript('zsh', sample()), /#compdef demo[^]*'tcp:a service'\\''s port'/)
  const fish = completionScript('fish', sample())
  t.match(
    fish,
    `complete -c demo -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from create' -l json -d 'as JSON'`,
  )
})

t.test('another shell is refused with the ones there are', async (t) => {
  t.throws(() => completionScript('tcsh', sample()), { code: 'UR_USAGE', message: /bash, zsh, fish/ })
})
