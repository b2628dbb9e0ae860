import type { Command } from 'commander'
import { allOf } from '../../admin/cursors.js'
import type { Token } from '../../admin/index.js'
import { durationOption, example } from '../options.js'
import type { CommandContext } from '../program.js'
import { jsonLines, table } from '../table.js'
import type { Worker } from './operations.js'
import {
  addLiftOptions,
  addRightsOptions,
  type LiftFlags,
  patchOf,
  type RightsFlags,
  rightsOf,
  rightsText,
} from './rights-flags.js'
import { accountNames } from './account-names.js'
import { addStoreOptions, type StoreFlags } from './store-command.js'

interface CreateFlags extends StoreFlags, RightsFlags {
  account?: string
  /** Milliseconds. */
  expires?: number
}

interface UpdateFlags extends StoreFlags, RightsFlags, LiftFlags {}

const MAX_EXPIRY = '3650d'

/** A token as it is shown, of agents or of the admin API. */
export interface ShownToken {
  readonly id: string
  readonly name: string
  readonly created_at: string
  readonly expires_at: string | null
  readonly last_used_at: string | null
  readonly revoked_at: string | null
}

/** `uniroutd token create|list|update|revoke`. */
export function addTokenCommands(root: Command, context: CommandContext): void {
  const token = root.command('token').description('make, list, change and revoke the tokens with which agents log in')
  token.addHelpText('after', example('uniroutd token create laptop', 'uniroutd token revoke laptop'))

  const create = addAction(
    token,
    context,
    'create <name>',
    'make a token; it is shown this once',
    "token create laptop --expires 30d --kind http --allow-name 'alice-*' --max-tunnels 5",
    async ({ operations, database }, flags: CreateFlags, name) => {
      const expires_at = expiryOf(flags.expires)
      const given = rightsOf(flags)
      // Servers of before do not know the key.
      const asked = Object.keys(given).length === 0 ? {} : { rights: given }
      const created = await operations.createToken({ name, account: flags.account, expires_at, ...asked })
      const { id, token, account_id, rights } = created
      if (flags.json) return jsonLines([{ id, name, token, account_id, rights, expires_at: created.expires_at }])
      // Not on stdout: TOKEN=$(uniroutd token create laptop) takes the token alone.
      process.stderr.write(`This is the token "${name}" (${id}) in ${database}. It is not shown again:\n`)
      return `${token}\n`
    },
    true,
  )
  addRightsOptions(create.option('--account <id-or-name>', 'whose it is (default: the account "default")'))
  create.addOption(expiryOption())

  addAction(token, context, 'list', 'show all tokens, without their secret', 'token list', async (worker, flags) => {
    const tokens = await allOf((page) => worker.operations.tokens(page))
    if (flags.json) return jsonLines(tokens.map(plain))
    if (tokens.length === 0) return 'There are no tokens yet. Make one with: uniroutd token create NAME\n'
    const account = await accountNames(worker)
    const rows = tokens.map((each) => [...cells(each), account(each.account_id), rightsText(each.rights)])
    return table(['ID', 'NAME', 'CREATED', 'LAST USED', 'STATE', 'ACCOUNT', 'RIGHTS'], rows)
  })

  const update = addAction(
    token,
    context,
    'update <id-or-name>',
    'narrow or widen what a token may do; within 2 seconds its agents lose what they may not have any more',
    'token update laptop --max-tunnels 2 --lift allow-port',
    async ({ operations }, flags: UpdateFlags, idOrName) => {
      const updated = await operations.updateToken(idOrName, { rights: patchOf(flags) })
      if (flags.json) return jsonLines([plain(updated)])
      return `The token "${updated.name}" (${updated.id}) has these rights: ${rightsText(updated.rights)}.\n`
    },
  )
  addLiftOptions(addRightsOptions(update))

  addAction(
    token,
    context,
    'revoke <id-or-name>',
    'end a token, and within 2 seconds its sessions',
    'token revoke laptop',
    async ({ operations }, flags, idOrName) => {
      const revoked = await operations.revokeToken(idOrName)
      return flags.json ? jsonLines([plain(revoked)]) : `The token "${revoked.name}" (${revoked.id}) is revoked.\n`
    },
  )
}

/** What a command does on the server, or its database. Gives what it prints. `argument`: empty when it has none. */
type Action<F> = (worker: Worker, flags: F, argument: string) => Promise<string>

/** Adds a command that works on the server of its flags; `mayMake`: it makes the database when there is none. */
export function addAction<F extends StoreFlags>(
  parent: Command,
  { output }: CommandContext,
  usage: string,
  description: string,
  sample: string,
  action: Action<F>,
  mayMake = false,
): Command {
  const command = addStoreOptions(parent.command(usage).description(description), sample)
  command.action(async (...given: unknown[]) => {
    const flags = command.opts<F>()
    const argument = typeof given[0] === 'string' ? given[0] : ''
    const { withOperations } = await import('./operations.js')
    output.text(await withOperations(flags, (worker) => action(worker, flags, argument), mayMake))
  })
  return command
}

/** `--expires <duration>` */
export function expiryOption() {
  return durationOption('--expires <duration>', 'time after which it ends, such as 12h or 30d', MAX_EXPIRY)
}

/** The moment that is so many ms away, as the API writes it. */
export function expiryOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(Date.now() + ms).toISOString()
}

function plain({
  id,
  name,
  account_id,
  has_secret,
  rights,
  created_at,
  expires_at,
  last_used_at,
  revoked_at,
}: Token): Token {
  return { id, name, account_id, has_secret, rights, created_at, expires_at, last_used_at, revoked_at }
}

/** ID, NAME, CREATED, LAST USED, STATE. */
export function cells(token: ShownToken): string[] {
  return [token.id, token.name, token.created_at, token.last_used_at ?? 'never', state(token)]
}

function state({ revoked_at, expires_at }: ShownToken): string {
  if (revoked_at !== null) return `revoked ${revoked_at}`
  if (expires_at === null) return 'valid'
  return `${Date.parse(expires_at) > Date.now() ? 'valid until' : 'expired'} ${expires_at}`
}
