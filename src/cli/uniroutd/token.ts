import type { Command } from 'commander'
import { printable } from '../../core/printable.js'
import { openStore, type Store, type TokenRecord } from '../../store/index.js'
import { example } from '../options.js'
import type { CommandContext } from '../program.js'
import { databaseOf } from './config-flags.js'
import { addStoreOptions, existingDatabase, type StoreFlags } from './store-command.js'

/** `uniroutd token create|list|revoke`: opens the database itself, and works while the daemon runs. */
export function addTokenCommands(root: Command, context: CommandContext): void {
  const token = root.command('token').description('make, list and revoke the tokens with which agents log in')
  token.addHelpText('after', example('uniroutd token create laptop', 'uniroutd token revoke laptop'))

  add(
    token,
    context,
    'create',
    '<name>',
    'make a token; it is shown this once',
    'token create laptop',
    async (store, flags, name) => {
      const created = await store.tokens.create(name)
      if (flags.json) return `${JSON.stringify(created)}\n`
      // Not on stdout: TOKEN=$(uniroutd token create laptop) takes the token alone.
      const where = `in ${store.name}`
      process.stderr.write(`This is the token "${created.name}" (${created.id}) ${where}. It is not shown again:\n`)
      return `${created.token}\n`
    },
  )

  add(token, context, 'list', '', 'show all tokens, without their secret', 'token list', async (store, flags) => {
    const tokens = await store.tokens.list()
    return flags.json ? tokens.map((record) => `${JSON.stringify(plain(record))}\n`).join('') : table(tokens)
  })

  add(
    token,
    context,
    'revoke',
    '<id-or-name>',
    'end a token, and within 2 seconds its sessions',
    'token revoke laptop',
    async (store, flags, name) => {
      const revoked = await store.tokens.revoke(name)
      return flags.json
        ? `${JSON.stringify(plain(revoked))}\n`
        : `The token "${revoked.name}" (${revoked.id}) is revoked.\n`
    },
  )
}

type Action = (store: Store, flags: StoreFlags, argument: string) => Promise<string>

function add(
  parent: Command,
  { output }: CommandContext,
  name: string,
  argument: string,
  description: string,
  sample: string,
  action: Action,
): void {
  const command = parent.command(`${name} ${argument}`.trim()).description(description)
  addStoreOptions(command, sample)
  command.action(async (...given: unknown[]) => {
    const flags = command.opts<StoreFlags>()
    const store = await openStore(name === 'create' ? databaseOf(flags) : existingDatabase(flags))
    try {
      output.text(await action(store, flags, typeof given[0] === 'string' ? given[0] : ''))
    } finally {
      await store.close()
    }
  })
}

function plain({ id, name, createdAt, lastUsedAt, revokedAt }: TokenRecord): Record<string, unknown> {
  return { id, name, created_at: createdAt, last_used_at: lastUsedAt, revoked_at: revokedAt }
}

function table(tokens: TokenRecord[]): string {
  if (tokens.length === 0) return 'There are no tokens yet. Make one with: uniroutd token create NAME\n'
  const rows = tokens.map((token) => [
    token.id,
    printable(token.name),
    token.createdAt.toISOString(),
    token.lastUsedAt?.toISOString() ?? 'never',
    token.revokedAt ? `revoked ${token.revokedAt.toISOString()}` : 'valid',
  ])
  const all = [['ID', 'NAME', 'CREATED', 'LAST USED', 'STATE'], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
