import { type Command, InvalidArgumentError, Option } from 'commander'
import { allOf } from '../../admin/cursors.js'
import type { AgentCertificate } from '../../admin/index.js'
import { ConfigError } from '../../core/errors.js'
import { example } from '../options.js'
import type { CommandContext } from '../program.js'
import { jsonLines, table } from '../table.js'
import { accountNames } from './account-names.js'
import type { Worker } from './operations.js'
import { addRightsOptions, type RightsFlags, rightsOf } from './rights-flags.js'
import type { StoreFlags } from './store-command.js'
import { addAction } from './token.js'

/** Where the certificate and its key go. */
export interface FileFlags {
  out?: string
  p12?: string
  p12PasswordFile?: string
}

interface MakeFlags extends StoreFlags, FileFlags {
  days: number
}

interface CreateFlags extends MakeFlags, RightsFlags {
  account?: string
}

const DEFAULT_DAYS = 365
const MAX_DAYS = 3650
const DAY_MS = 86_400_000

/** `uniroutd agent-cert create|add|list|revoke`. */
export function addAgentCertCommands(root: Command, context: CommandContext): void {
  const parent = root
    .command('agent-cert')
    .description('make, list and revoke the certificates with which agents log in, instead of tokens')
  parent.addHelpText('after', example('uniroutd agent-cert create laptop', 'uniroutd agent-cert revoke laptop'))

  const create = addAction(
    parent,
    context,
    'create <name>',
    'make a certificate and its key, with rights of its own; `token update NAME` changes these',
    'agent-cert create laptop --days 90 --out /etc/uniroute --kind http --allow-name shop',
    (worker, flags: CreateFlags, name) => {
      const rights = rightsOf(flags)
      const asked = Object.keys(rights).length === 0 ? {} : { rights }
      return make(worker, flags, name, { name, account: flags.account, ...asked })
    },
    true,
  )
  addFileOptions(
    addRightsOptions(create.option('--account <id-or-name>', 'whose it is (default: the account "default")')),
  )

  const add = addAction(
    parent,
    context,
    'add <id-or-name>',
    'make one more certificate for a token, or for what `create` made: before the old one ends, or instead of the secret',
    'agent-cert add laptop --p12 laptop.p12',
    async (worker, flags: MakeFlags, idOrName) => {
      const { id, name } = await worker.operations.token(idOrName)
      return make(worker, flags, name, { token: id })
    },
  )
  addFileOptions(add)

  addAction(parent, context, 'list', 'show all certificates of agents', 'agent-cert list', async (worker, flags) => {
    const all = await allOf((page) => worker.operations.agentCertificates(page))
    if (flags.json) return jsonLines(all)
    if (all.length === 0)
      return 'There are no certificates of agents yet. Make one with: uniroutd agent-cert create NAME\n'
    const account = await accountNames(worker)
    const rows = all.map((each) => [
      each.id,
      each.token_name,
      each.created_at,
      stateOf(each),
      account(each.account_id),
      each.serial,
    ])
    return table(['ID', 'NAME', 'CREATED', 'STATE', 'ACCOUNT', 'SERIAL'], rows)
  })

  addAction(
    parent,
    context,
    'revoke <id-or-name>',
    'end a certificate by its id, or all of a name, and within 2 seconds the sessions that were opened with it',
    'agent-cert revoke laptop',
    async ({ operations }, flags, idOrName) => {
      const revoked = await revoke(operations, idOrName)
      if (flags.json) return jsonLines(revoked)
      return revoked.map(({ id, token_name: name }) => `The certificate ${id} of "${name}" is revoked.\n`).join('')
    },
  )
}

/** Of a name: each certificate, and its token too, where that has no secret and is good for nothing else. */
async function revoke(operations: Worker['operations'], idOrName: string): Promise<AgentCertificate[]> {
  if (idOrName.startsWith('crt_')) return [await operations.revokeAgentCertificate(idOrName)]
  const token = await operations.token(idOrName)
  const all = await allOf((page) => operations.agentCertificates(page))
  const own = all.filter((each) => each.token_id === token.id && each.revoked_at === null)
  const revoked: AgentCertificate[] = []
  for (const { id } of own) revoked.push(await operations.revokeAgentCertificate(id))
  if (!token.has_secret) await operations.revokeToken(token.id)
  if (revoked.length > 0 || !token.has_secret) return revoked
  const message = `The token "${token.name}" has no certificates that are good. What to do: \`uniroutd token revoke\` ends the token itself`
  throw new ConfigError('UR_USAGE', message)
}

async function make(
  { operations }: Worker,
  flags: MakeFlags,
  name: string,
  asked: Omit<Parameters<Worker['operations']['createAgentCertificate']>[0], 'public_key' | 'expires_at'>,
): Promise<string> {
  const { CertificateFiles } = await import('./agent-cert-files.js')
  const files = await CertificateFiles.open(flags, name)
  try {
    const expires_at = new Date(Date.now() + flags.days * DAY_MS).toISOString()
    const made = await operations.createAgentCertificate({ ...asked, public_key: files.publicKey, expires_at })
    const { certificate, authority, ...shown } = made
    const written = await files.write({ certificate, authority })
    if (flags.json) return jsonLines([{ ...shown, ...written }])
    const password = 'password' in written ? `Its password, which is not shown again: ${written.password}\n` : ''
    const where = 'p12' in written ? `${written.p12} (with the key)` : `${written.cert}, its key in ${written.key}`
    return `The certificate ${made.id} of "${name}", good until ${made.expires_at}, is in ${where}.\n${password}`
  } catch (error) {
    await files.discard()
    throw error
  }
}

function addFileOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--days <n>', 'how long it is good')
        .argParser((text) => {
          const days = Number(text)
          if (/^\d+$/.test(text) && days >= 1 && days <= MAX_DAYS) return days
          throw new InvalidArgumentError(`Write a number of days from 1 to ${MAX_DAYS}.`)
        })
        .default(DEFAULT_DAYS),
    )
    .option('--out <folder>', 'where NAME.pem and NAME.key go (default: the working folder)')
    .option(
      '--p12 <file>',
      'one PKCS#12 file with both instead; its password is UNIROUTE_P12_PASSWORD, or made and shown',
    )
    .option('--p12-password-file <file>', 'file with the password of the PKCS#12 file')
}

function stateOf({ revoked_at, expires_at }: AgentCertificate): string {
  if (revoked_at !== null) return `revoked ${revoked_at}`
  return `${Date.parse(expires_at) > Date.now() ? 'valid until' : 'expired'} ${expires_at}`
}
