import { type Command, InvalidArgumentError, Option } from 'commander'
import type { RightsKey } from '../../access/index.js'
import { parseSize } from '../../config/units.js'
import { ConfigError } from '../../core/errors.js'
import type { Rights } from '../../store/index.js'

/** Flags that limit what a token may do, one for each right. */
export interface RightsFlags {
  kind?: string[]
  allowName?: string[]
  allowPort?: string[]
  requireRule?: string[]
  maxTunnels?: number
  maxSessions?: number
  maxStreams?: number
  requestsPerSecond?: number
  bytesPerDay?: number
  bytesPerSecond?: number
  tunnelBytesPerSecond?: number
}

/** Flags that widen them again. */
export interface LiftFlags {
  lift?: RightsKey[]
  allRights?: true
}

const NAMES: Readonly<Record<keyof RightsFlags, RightsKey>> = {
  kind: 'kinds',
  allowName: 'names',
  allowPort: 'ports',
  requireRule: 'require_rules',
  maxTunnels: 'max_tunnels',
  maxSessions: 'max_sessions',
  maxStreams: 'max_streams',
  requestsPerSecond: 'requests_per_second',
  bytesPerDay: 'bytes_per_day',
  bytesPerSecond: 'bytes_per_second',
  tunnelBytesPerSecond: 'tunnel_bytes_per_second',
}

/** Every right that there is. */
const RIGHTS_KEYS: readonly RightsKey[] = Object.values(NAMES)

/** Adds a flag for each right. Their values are checked where they are stored. */
export function addRightsOptions(command: Command): Command {
  return command
    .addOption(listOption('--kind <kinds...>', 'kinds of tunnels it may have: tcp, tls, http'))
    .addOption(
      listOption(
        '--allow-name <names...>',
        "host names: db.example.com, '*.example.com', shop, 'alice-*' (docs/access.md)",
      ),
    )
    .addOption(listOption('--allow-port <ports...>', 'public ports, such as 20000-20100'))
    .addOption(
      listOption(
        '--require-rule <rules...>',
        'rules its http tunnels must have: basic-auth, or one of basic-auth|cidr-allow',
      ),
    )
    .addOption(numberOption('--max-tunnels <n>', 'tunnels at once, over all of its agents'))
    .addOption(numberOption('--max-sessions <n>', 'agents at once'))
    .addOption(numberOption('--max-streams <n>', 'visitors at once, over all of its tunnels'))
    .addOption(numberOption('--requests-per-second <n>', 'requests, and new connections to tcp and tls tunnels'))
    .addOption(sizeOption('--bytes-per-day <size>', 'bytes from and to visitors in a day (UTC), such as 5GB'))
    .addOption(sizeOption('--bytes-per-second <size>', 'bandwidth in each direction, such as 10MB'))
    .addOption(sizeOption('--tunnel-bytes-per-second <size>', 'the same of each tunnel alone'))
}

/** Adds the flags that lift limits. */
export function addLiftOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--lift <rights...>', 'limits to lift, such as max-tunnels').argParser(
        (text, before?: RightsKey[]) => [...(before ?? []), ...text.split(',').map(rightNamed)],
      ),
    )
    .option('--all-rights', 'lift every limit that it has; those given beside it hold')
}

/** The rights that these flags name. */
export function rightsOf(flags: RightsFlags): Rights {
  const given = (Object.keys(NAMES) as (keyof RightsFlags)[]).filter((flag) => flags[flag] !== undefined)
  return Object.fromEntries(given.map((flag) => [NAMES[flag], flags[flag]]))
}

/** What is to be changed of the rights of a token. Throws ConfigError UR_USAGE when that is nothing. */
export function patchOf(flags: RightsFlags & LiftFlags): Rights | null {
  const given = rightsOf(flags)
  // Null, and not every key by its name: rights that cannot be read are lifted too.
  if (flags.allRights === true && Object.keys(given).length === 0) return null
  const lifted = flags.allRights === true ? RIGHTS_KEYS : (flags.lift ?? [])
  const patch = { ...Object.fromEntries(lifted.map((right) => [right, null])), ...given }
  if (Object.keys(patch).length > 0) return patch
  throw new ConfigError('UR_USAGE', 'say what is to change, such as --max-tunnels 5, --lift allow-port or --all-rights')
}

/** For people: `kinds=tcp,http max_tunnels=5`. */
export function rightsText(rights: Rights | null): string {
  if (rights === null) return 'all'
  const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
  return Object.entries(rights)
    .map(([right, value]) => `${right}=${Array.isArray(value) ? value.map(shown).join(',') : shown(value)}`)
    .join(' ')
}

function listOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, before?: string[]) => [
    ...(before ?? []),
    ...text.split(','),
  ])
}

function numberOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
    throw new InvalidArgumentError('Write a number.')
  })
}

function sizeOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    const bytes = parseSize(text)
    if (bytes !== undefined) return bytes
    throw new InvalidArgumentError('Write a size such as 500MB or 5GB.')
  })
}

function rightNamed(text: string): RightsKey {
  const name = text.replace(/^--/, '')
  const flag = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()) as keyof RightsFlags
  const right = NAMES[flag] ?? RIGHTS_KEYS.find((key) => key === name.replaceAll('-', '_'))
  if (right !== undefined) return right
  throw new InvalidArgumentError(`Allowed choices are ${Object.keys(NAMES).map(flagOf).join(', ')}.`)
}

function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
