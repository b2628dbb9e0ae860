import type { Command } from 'commander'
import { allOf } from '../../admin/cursors.js'
import type { Account } from '../../admin/index.js'
import { example } from '../options.js'
import type { CommandContext } from '../program.js'
import { jsonLines, table } from '../table.js'
import { addAction } from './token.js'

/** `uniroutd account create|list|disable|enable`. */
export function addAccountCommands(root: Command, context: CommandContext): void {
  const account = root.command('account').description('make, list, disable and enable accounts, to which tokens belong')
  account.addHelpText('after', example('uniroutd account create alice', 'uniroutd account disable alice'))

  addAction(
    account,
    context,
    'create <name>',
    'make an account',
    'account create alice',
    async ({ operations }, flags, name) => {
      const made = await operations.createAccount(name)
      return flags.json ? jsonLines([made]) : `The account "${made.name}" is ${made.id}.\n`
    },
    true,
  )

  addAction(account, context, 'list', 'show all accounts', 'account list', async ({ operations }, flags) => {
    const accounts = await allOf((page) => operations.accounts(page))
    if (flags.json) return jsonLines(accounts)
    return table(['ID', 'NAME', 'CREATED', 'STATE'], accounts.map(cells))
  })

  addAction(
    account,
    context,
    'disable <id-or-name>',
    'end the sessions of all of its tokens within 2 seconds, and let them in no more',
    'account disable alice',
    async ({ operations }, flags, idOrName) => {
      const disabled = await operations.disableAccount(idOrName)
      return flags.json ? jsonLines([disabled]) : `The account "${disabled.name}" (${disabled.id}) is disabled.\n`
    },
  )

  addAction(
    account,
    context,
    'enable <id-or-name>',
    'make a disabled account and its tokens good again',
    'account enable alice',
    async ({ operations }, flags, idOrName) => {
      const enabled = await operations.enableAccount(idOrName)
      return flags.json ? jsonLines([enabled]) : `The account "${enabled.name}" (${enabled.id}) is enabled.\n`
    },
  )
}

function cells({ id, name, created_at, disabled_at }: Account): string[] {
  return [id, name, created_at, disabled_at === null ? 'enabled' : `disabled ${disabled_at}`]
}
