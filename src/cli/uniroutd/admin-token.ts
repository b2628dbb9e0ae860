import { Option, type Command } from 'commander'
import { allOf } from '../../admin/cursors.js'
import { example } from '../options.js'
import type { CommandContext } from '../program.js'
import { jsonLines, table } from '../table.js'
import type { StoreFlags } from './store-command.js'
import { addAction, cells, expiryOf, expiryOption } from './token.js'

interface CreateFlags extends StoreFlags {
  scope: 'read' | 'write'
  /** Milliseconds. */
  expires?: number
}

/** `uniroutd admin-token create|list|revoke`. */
export function addAdminTokenCommands(root: Command, context: CommandContext): void {
  const token = root.command('admin-token').description('make, list and revoke tokens of the admin API')
  token.addHelpText('after', example('uniroutd admin-token create grafana', 'uniroutd admin-token revoke grafana'))

  const create = addAction(
    token,
    context,
    'create <name>',
    'make a token; it is shown this once',
    'admin-token create deploy --scope write --expires 90d',
    async ({ operations, database }, { scope, expires, json }: CreateFlags, name) => {
      const created = await operations.createAdminToken({ name, scope, expires_at: expiryOf(expires) })
      const { id, token, expires_at } = created
      if (json) return jsonLines([{ id, name, scope, token, expires_at }])
      process.stderr.write(
        `This is the admin token "${name}" (${id}, ${scope}) in ${database}. It is not shown again:\n`,
      )
      return `${token}\n`
    },
    true,
  )
  create
    .addOption(
      new Option('--scope <scope>', 'read: it may only look; write: it may change things too')
        .choices(['read', 'write'])
        .default('read'),
    )
    .addOption(expiryOption())

  addAction(
    token,
    context,
    'list',
    'show all of them, without their secret',
    'admin-token list',
    async (worker, flags) => {
      const tokens = await allOf((page) => worker.operations.adminTokens(page))
      if (flags.json) return jsonLines(tokens)
      if (tokens.length === 0) return 'There are no admin tokens yet. Make one with: uniroutd admin-token create NAME\n'
      const rows = tokens.map((each) => [...cells(each).slice(0, 2), each.scope, ...cells(each).slice(2)])
      return table(['ID', 'NAME', 'SCOPE', 'CREATED', 'LAST USED', 'STATE'], rows)
    },
  )

  addAction(
    token,
    context,
    'revoke <id-or-name>',
    'end a token at once',
    'admin-token revoke deploy',
    async ({ operations }, flags, idOrName) => {
      const revoked = await operations.revokeAdminToken(idOrName)
      return flags.json ? jsonLines([revoked]) : `The admin token "${revoked.name}" (${revoked.id}) is revoked.\n`
    },
  )
}
