import { Command } from 'commander'
import t from 'tap'
import { RIGHTS_KEYS } from '../../../src/access/index.js'
import {
  addLiftOptions,
  addRightsOptions,
  type LiftFlags,
  patchOf,
  type RightsFlags,
  rightsOf,
  rightsText,
} from '../../../src/cli/uniroutd/rights-flags.js'

function flagsOf(...argv: string[]): RightsFlags & LiftFlags {
  const command = addLiftOptions(addRightsOptions(new Command())).exitOverride()
  command.configureOutput({ writeErr: () => undefined })
  return command.parse(argv, { from: 'user' }).opts()
}

t.test('flags become rights', (t) => {
  const flags = flagsOf(
    ...['--kind', 'tcp,http', '--allow-name', 'shop', '*.example.com', '--allow-port', '20000-20100'],
    ...['--require-rule', 'basic-auth|cidr-allow', '--max-tunnels', '5', '--max-sessions', '2', '--max-streams', '9'],
    ...['--requests-per-second', '0.5', '--bytes-per-day', '5GB', '--allow-name', 'blog'],
  )
  t.strictSame(rightsOf(flags), {
    kinds: ['tcp', 'http'],
    names: ['shop', '*.example.com', 'blog'],
    ports: ['20000-20100'],
    require_rules: ['basic-auth|cidr-allow'],
    max_tunnels: 5,
    max_sessions: 2,
    max_streams: 9,
    requests_per_second: 0.5,
    bytes_per_day: 5_000_000_000,
  })
  t.strictSame(rightsOf(flagsOf()), {})
  t.throws(() => flagsOf('--max-tunnels', 'many'), /Write a number/)
  t.throws(() => flagsOf('--bytes-per-day', '5 apples'), /Write a size/)
  t.end()
})

t.test('an update names what it changes, and lifts limits', (t) => {
  t.strictSame(patchOf(flagsOf('--max-tunnels', '2', '--lift', 'ports,max-streams', 'kind')), {
    ports: null,
    max_streams: null,
    kinds: null,
    max_tunnels: 2,
  })
  t.equal(patchOf(flagsOf('--all-rights')), null)
  t.match(patchOf(flagsOf('--all-rights', '--max-tunnels', '2')), { kinds: null, bytes_per_day: null, max_tunnels: 2 })
  const all = patchOf(flagsOf('--all-rights', '--max-tunnels', '2'))
  t.same(Object.keys(all ?? {}).sort(), [...RIGHTS_KEYS].sort(), 'there is a flag for each right')
  t.throws(() => patchOf(flagsOf()), { code: 'UR_USAGE' })
  t.throws(() => flagsOf('--lift', 'gravity'), /Allowed choices are kind, allow-name, allow-port/)
  t.end()
})

t.test('rights are shown in one line', (t) => {
  t.equal(rightsText(null), 'all')
  t.equal(
    rightsText({ kinds: ['tcp', 'http'], max_tunnels: 2, odd: { a: 1 } }),
    'kinds=tcp,http max_tunnels=2 odd={"a":1}',
  )
  t.end()
})
