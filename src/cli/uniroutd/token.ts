import type { Command } from 'commander'
import { printable } from '../../core/printable.js'
import { openStore, type Store, type TokenRecord } from '../../store/index.js'
import { durationOption, example } from '../options.js'
import type { CommandContext } from '../program.js'
import { databaseOf } from './config-flags.js'
import { addStoreOptions, existingDatabase, type StoreFlags } from './store-command.js'

interface TokenFlags extends StoreFlags {
  /** Milliseconds. */
  expires?: number
}

const MAX_EXPIRY = '3650d'

/** `uniroutd token create|list|revoke`: opens the database itself, and works while the daemon runs. */
export function addTokenCommands(root: Command, context: CommandContext): void {
  const token = root.command('token').description('make, list and revoke the tokens with which agents log in')
  token.addHelpText('after', example('uniroutd token create laptop', 'uniroutd token revoke laptop'))

  const create = add(
    token,
    context,
    'create',
    '<name>',
    'make a token; it is shown this once',
    'token create laptop --expires 30d',
    async (store, flags, name) => {
      const expiresAt = flags.expires === undefined ? null : new Date(Date.now() + flags.expires)
      const created = await store.tokens.create(name, expiresAt === null ? {} : { expiresAt })
      if (flags.json) return `${JSON.stringify({ ...created, expires_at: expiresAt })}\n`
      // Not on stdout: TOKEN=$(uniroutd token create laptop) takes the token alone.
      const where = `in ${store.name}`
      process.stderr.write(`This is the token "${created.name}" (${created.id}) ${where}. It is not shown again:\n`)
      return `${created.token}\n`
    },
  )
  create.addOption(durationOption('--expires <duration>', 'time after which it ends, such as 12h or 30d', MAX_EXPIRY))

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

type Action = (store: Store, flags: TokenFlags, argument: string) => Promise<string>

function add(
  parent: Command,
  { output }: CommandContext,
  name: string,
  argument: string,
  description: string,
  sample: string,
  action: Action,
): Command {
  const command = parent.command(`${name} ${argument}`.trim()).description(description)
  addStoreOptions(command, sample)
  command.action(async (...given: unknown[]) => {
    const flags = command.opts<TokenFlags>()
    const store = await openStore(name === 'create' ? databaseOf(flags) : existingDatabase(flags))
    try {
      output.text(await action(store, flags, typeof given[0] === 'string' ? given[0] : ''))
    } finally {
      await store.close()
    }
  })
  return command
}

function plain({ id, name, createdAt, expiresAt, lastUsedAt, revokedAt }: TokenRecord): Record<string, unknown> {
  return {
    id,
    name,
    created_at: createdAt,
    expires_at: expiresAt,
    last_used_at: lastUsedAt,
    revoked_at: revokedAt,
  }
}

function state({ revokedAt, expiresAt }: TokenRecord): string {
  if (revokedAt !== null) return `revoked ${revokedAt.toISOString()}`
  if (expiresAt === null) return 'valid'
  return `${expiresAt.getTime() > Date.now() ? 'valid until' : 'expired'} ${expiresAt.toISOString()}`
}

function table(tokens: TokenRecord[]): string {
  if (tokens.length === 0) return 'There are no tokens yet. Make one with: uniroutd token create NAME\n'
  const rows = tokens.map((token) => [
    token.id,
    printable(token.name),
    token.createdAt.toISOString(),
    token.lastUsedAt?.toISOString() ?? 'never',
    state(token),
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
