import type { Command } from 'commander'
import { RefusedError } from '../../core/errors.js'
import { silentLogger } from '../../core/logger.js'
import { printable } from '../../core/printable.js'
import type * as namesRoom from '../../names/index.js'
import type { CheckedName, DomainAnswer, ReservationView, ReserveContext } from '../../names/index.js'
import type { AuditEntry, ReservationRecord, Store } from '../../store/index.js'
import { example } from '../options.js'
import type { CommandContext } from '../program.js'
import { jsonLines, table } from '../table.js'
import { addStoreOptions, type StoreFlags } from './store-command.js'

interface Flags extends StoreFlags {
  domain?: string
  account?: string
}

interface Context extends ReserveContext {
  readonly store: Store
}

/** Gives what the command prints. */
type Action = (names: typeof namesRoom, context: Context, flags: Flags, argument: string) => Promise<string>

/** `uniroutd reserve …`: opens the database itself, and works while the daemon runs, which follows within a second. */
export function addReserveCommands(root: Command, { output }: CommandContext): void {
  const group = root.command('reserve').description('give names and ports to accounts, which alone may bind them then')
  group.addHelpText('after', example('uniroutd reserve subdomain shop', 'uniroutd reserve domain shop.example.org'))

  const add = (name: string, description: string, sample: string, action: Action): Command => {
    const command = group.command(name).description(description)
    command.option('--domain <name>', 'the name of the server, where no configuration says it')
    addStoreOptions(command, `reserve ${sample}`)
    command.action(async (...given: unknown[]) => {
      const flags = command.opts<Flags>()
      const [names, { reserveSettings }, { openStore }, { databaseConfig, existingDatabase }] = await Promise.all([
        import('../../names/index.js'),
        import('../../daemon/reserving.js'),
        import('../../store/index.js'),
        import('./server-config.js'),
      ])
      const store = await openStore(existingDatabase(flags))
      try {
        const changes: AuditEntry[] = []
        const context: Context = {
          store,
          ...reserveSettings(databaseConfig(flags), silentLogger),
          onProof: (change, reservation) => changes.push(names.proofEntry('cli', change, reservation)),
        }
        try {
          output.text(await action(names, context, flags, typeof given[0] === 'string' ? given[0] : ''))
        } finally {
          for (const change of changes) await store.audit.append(change)
        }
      } finally {
        await store.close()
      }
    })
    return command
  }
  const forAccount = (command: Command): void => {
    command.option('--account <account>', 'id or name of the account (default: default)')
  }

  forAccount(
    add(
      'subdomain <name>',
      'reserve a label below the domain of the server, and all names below it',
      'subdomain shop --account alice',
      async ({ reserveSubdomain }, context, flags, name) =>
        reserved(await make(context, reserveSubdomain, name, flags), null, flags),
    ),
  )
  forAccount(
    add(
      'domain <name>',
      'reserve a domain of its own, and show the records that its owner has to set',
      'domain shop.example.org --account alice',
      async ({ reserveDomain, checkDomain }, context, flags, name) => {
        const view = await make(context, reserveDomain, name, flags)
        return reserved(view, await checkDomain(context, view), flags)
      },
    ),
  )
  forAccount(
    add(
      'port <number>',
      'reserve a public port',
      'port 20001 --account alice',
      async ({ reservePort }, context, flags, port) =>
        reserved(await make(context, reservePort, port, flags), null, flags),
    ),
  )
  const list = add(
    'list',
    'show all reservations',
    'list --account alice',
    async ({ listReservations }, context, flags) => {
      const views = await listReservations(context, flags.account)
      return flags.json ? jsonLines(views.map(plain)) : tableOf(views)
    },
  )
  list.option('--account <account>', 'those of this account alone')
  add(
    'check <name>',
    'tell who may bind a name or port; look for the proof of a domain now',
    'check shop.example.org',
    async ({ checkName }, context, flags, name) => {
      const checked = await checkName(context, name)
      output.text(flags.json ? `${JSON.stringify(plainCheck(checked))}\n` : checkText(checked))
      const { reservation, dns } = checked
      if (reservation === null || dns === null || dns.proof.state === 'found') return ''
      throw new RefusedError(
        'UR_DOMAIN_UNPROVED',
        `the proof of ${reservation.value} was not found: ${dns.proof.text}. What to do: set the TXT record`,
      )
    },
  )
  add(
    'remove <name>',
    'give up a reservation, by its id, name or port',
    'remove shop.example.org',
    async ({ removeReservation }, context, flags, what) => {
      const { id, accountId, kind, value } = await audited(context, 'reservation.release', (inside) =>
        removeReservation(inside, what),
      )
      if (flags.json) return `${JSON.stringify({ id, account_id: accountId, kind, value, removed: true })}\n`
      return `The ${kind} ${value} (${id}) is reserved no more.\n`
    },
  )
}

/** Reserves it, and writes that into the audit log. */
function make(
  context: Context,
  reserve: (context: ReserveContext, value: string, account: string) => Promise<ReservationView>,
  value: string,
  { account = 'default' }: Flags,
): Promise<ReservationView> {
  return audited(context, 'reservation.create', (inside) => reserve(inside, value, account))
}

/** Does a change and writes it into the audit log, both or neither. */
function audited<T extends ReservationRecord>(
  context: Context,
  action: string,
  work: (context: ReserveContext) => Promise<T>,
): Promise<T> {
  return context.store.together(async (store) => {
    const changed = await work({ ...context, store })
    const { id, accountId, kind, value } = changed
    await store.audit.append({ actor: 'cli', action, object: id, details: { account: accountId, kind, value } })
    return changed
  })
}

function reserved(view: ReservationView, dns: DomainAnswer | null, { json }: Flags): string {
  if (json) return `${JSON.stringify({ ...plain(view), ...plainDns(dns) })}\n`
  if (view.warning !== null) process.stderr.write(`warning: ${view.warning}\n`)
  const head = `The ${view.kind} ${view.value} is reserved for the account "${printable(view.account)}" (${view.id})`
  return dns === null ? `${head}.\n` : `${head}, once it is proved to be theirs.\n${recordsText(view)}${dnsText(dns)}`
}

function checkText({ name, reservation, dns, refusal }: CheckedName): string {
  if (reservation === null) {
    return refusal === null
      ? `${name} is free: whoever has a token may bind it.\n`
      : `${name} is not reserved, and cannot be bound: ${refusal.message} (${refusal.code})\n`
  }
  const under = reservation.kind === 'port' || name.startsWith(reservation.value) ? '' : `, by ${reservation.value}`
  const warning = reservation.warning === null ? '' : `But ${reservation.warning}.\n`
  const head = `${name} is reserved for the account "${printable(reservation.account)}" (${reservation.id})${under}.\n${warning}`
  return dns === null ? head : `${head}${recordsText(reservation)}${dnsText(dns)}`
}

function recordsText({ records }: ReservationView): string {
  const rows = records.map(({ name, type, value }) => [
    `  ${name}.`,
    type,
    type === 'TXT' ? JSON.stringify(value) : `${value}.`,
  ])
  return `
Records that its owner sets:

${lines(rows)}
The TXT record proves the ownership. The CNAME brings the visitors; at the top of a zone, where none may stand, set the
addresses of the server (A, AAAA) instead. The server looks for the proof by itself; \`uniroutd reserve check\` does at once.

`
}

function dnsText({ proof, pointing }: DomainAnswer): string {
  return lines([
    ['proof', proof.state, proof.text],
    ['visitors', pointing.state, pointing.text],
  ])
}

/** Aligned columns without a head. */
function lines(rows: readonly (readonly string[])[]): string {
  return table(rows[0] ?? [], rows.slice(1))
}

function plain(view: ReservationView): Record<string, unknown> {
  const {
    id,
    accountId,
    account,
    kind,
    value,
    createdAt,
    state,
    verifiedAt,
    failingSince,
    lapsesAt,
    records,
    warning,
  } = view
  return {
    id,
    account_id: accountId,
    account,
    kind,
    value,
    state,
    created_at: createdAt,
    proved_at: verifiedAt,
    failing_since: failingSince,
    lapses_at: lapsesAt,
    records,
    warning,
  }
}

function plainDns(dns: DomainAnswer | null): Record<string, unknown> {
  return dns === null ? {} : { proof: dns.proof, pointing: dns.pointing }
}

function plainCheck({ name, reservation, dns, refusal }: CheckedName): Record<string, unknown> {
  return {
    name,
    reservation: reservation === null ? null : plain(reservation),
    ...plainDns(dns),
    refusal: refusal === null ? null : { code: refusal.code, message: refusal.message },
  }
}

function tableOf(views: readonly ReservationView[]): string {
  if (views.length === 0) return 'Nothing is reserved yet. Reserve a name with: uniroutd reserve subdomain NAME\n'
  return table(
    ['ID', 'KIND', 'VALUE', 'ACCOUNT', 'STATE'],
    views.map((view) => [view.id, view.kind, view.value, view.account, stateText(view)]),
  )
}

function stateText({ state, verifiedAt, failingSince, lapsesAt, warning }: ReservationView): string {
  switch (state) {
    case 'proved':
      return `proved ${verifiedAt?.toISOString()}`
    case 'failing':
      return `proof missing since ${failingSince?.toISOString()}, lapses ${lapsesAt?.toISOString()}`
    case 'lapsed':
      return `lapsed: proof missing since ${failingSince?.toISOString()}`
    case 'unproved':
      return 'waits for its proof'
    case 'reserved':
      return warning === null ? state : `${state}, but not in listen.tcp_ports`
  }
}
