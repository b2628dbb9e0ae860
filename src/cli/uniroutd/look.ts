import { type Command, InvalidArgumentError, Option } from 'commander'
import { allOf } from '../../admin/cursors.js'
import type { Session, Tunnel } from '../../admin/index.js'
import { spanOf } from '../../admin/usage-span.js'
import type { CommandContext } from '../program.js'
import { humanSize, jsonLines, table } from '../table.js'
import { accountNames } from './account-names.js'
import { addStoreOptions, type StoreFlags } from './store-command.js'
import { addAction } from './token.js'

interface AuditFlags extends StoreFlags {
  limit: number
}

interface UsageFlags extends StoreFlags {
  from?: string
  to?: string
  account?: string
}

/** `uniroutd sessions|tunnels`, of a server that runs; `uniroutd audit|usage`, from its database. */
export function addLookCommands(root: Command, context: CommandContext): void {
  addLive(root, context)
  const audit = addAction(
    root,
    context,
    'audit',
    'show who did what, the newest first',
    'audit --limit 20',
    async ({ operations }, { limit, json }: AuditFlags) => {
      const { items } = await operations.audit({ limit })
      if (json) return jsonLines(items)
      const rows = items.map(({ at, actor, action, object, address, details }) => [
        at,
        actor,
        action,
        object,
        address ?? '-',
        JSON.stringify(details ?? {}),
      ])
      return table(['TIME', 'ACTOR', 'ACTION', 'OBJECT', 'ADDRESS', 'DETAILS'], rows)
    },
  )
  audit.addOption(new Option('--limit <n>', 'the most entries (at most 500)').argParser(limitOf).default(50))

  const usage = addAction(
    root,
    context,
    'usage',
    'show what accounts used, by day',
    'usage --from 2026-01-01 --to 2026-01-31',
    async (worker, { from, to, account, json }: UsageFlags) => {
      const { operations } = worker
      const span = spanOf(from, to)
      const items = await allOf((page) => operations.usage({ ...page, ...span, account }))
      if (json) return jsonLines(items)
      const nameOf = await accountNames(worker)
      const rows = items.map(({ day, account_id, connections, requests, bytes_in, bytes_out }) => [
        day,
        nameOf(account_id),
        String(connections),
        String(requests),
        humanSize(bytes_in),
        humanSize(bytes_out),
      ])
      return table(['DAY', 'ACCOUNT', 'CONNECTIONS', 'REQUESTS', 'IN', 'OUT'], rows)
    },
  )
  usage
    .addOption(new Option('--from <day>', 'the first day, UTC (default: 29 days before the last)').argParser(dayOf))
    .addOption(new Option('--to <day>', 'the last day (default: today)').argParser(dayOf))
    .option('--account <id-or-name>', 'of one account only')
}

function addLive(root: Command, { output }: CommandContext): void {
  const sessions = root.command('sessions').description('show the agents that are connected now')
  addStoreOptions(sessions, 'sessions', 'sessions --json')
  sessions.action(async () => {
    const flags = sessions.opts<StoreFlags>()
    const { liveServer } = await import('./operations.js')
    const server = await liveServer(flags)
    const items = await allOf((page) => server.sessions(page))
    output.text(flags.json ? jsonLines(items) : sessionTable(items))
  })
  const tunnels = root.command('tunnels').description('show the public addresses that are bound now')
  addStoreOptions(tunnels, 'tunnels', 'tunnels --json')
  tunnels.action(async () => {
    const flags = tunnels.opts<StoreFlags>()
    const { liveServer } = await import('./operations.js')
    const server = await liveServer(flags)
    const items = await allOf((page) => server.tunnels(page))
    output.text(flags.json ? jsonLines(items) : tunnelTable(items))
  })
}

function sessionTable(sessions: readonly Session[]): string {
  const rows = sessions.map((each) => [
    each.id.slice(0, 8),
    each.token_name,
    each.remote,
    each.state,
    each.opened_at,
    each.rtt_ms === null ? '-' : `${each.rtt_ms} ms`,
    String(each.tunnels),
    String(each.streams),
    rateText(each),
  ])
  return table(['SESSION', 'TOKEN', 'FROM', 'STATE', 'SINCE', 'RTT', 'TUNNELS', 'STREAMS', 'IN / OUT'], rows)
}

function tunnelTable(tunnels: readonly Tunnel[]): string {
  const rows = tunnels.map((each) => [
    each.id,
    each.name,
    each.public_url,
    each.session_id.slice(0, 8),
    String(each.streams),
    String(each.connections),
    humanSize(each.bytes_in),
    humanSize(each.bytes_out),
    rateText(each),
  ])
  return table(['ID', 'NAME', 'ADDRESS', 'SESSION', 'STREAMS', 'TOTAL', 'IN', 'OUT', 'RATE IN / OUT'], rows)
}

function rateText({ rate_in, rate_out }: { rate_in: number; rate_out: number }): string {
  return `${humanSize(rate_in)}/s / ${humanSize(rate_out)}/s`
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (!/^\d{1,3}$/.test(text) || limit < 1 || limit > 500)
    throw new InvalidArgumentError('Write a number from 1 to 500.')
  return limit
}

function dayOf(text: string): string {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))
  if (!isDay) throw new InvalidArgumentError('Write a day such as 2026-01-31.')
  return text
}
