import { Resolver } from 'node:dns/promises'
import t from 'tap'
import { AddressKeeper, type AddressKeeperOptions } from '../../../src/certs/dns/address-keeper.js'
import type { AddressRecord, RecordEditor } from '../../../src/certs/dns/provider.js'
import { Rfc2136Provider } from '../../../src/certs/dns/rfc2136.js'
import { CertificateError } from '../../../src/core/errors.js'
import { eventually } from '../../support/hang.js'
import { RecordedLog } from '../../support/log.js'
import { knots, signal, zoneHead } from './support.js'

const KEY = { name: 'uniroute.key', algorithm: 'hmac-sha512', secret: Buffer.alloc(64, 9).toString('base64') } as const
const HERE: readonly AddressRecord[] = [
  { type: 'A', value: '192.0.2.1' },
  { type: 'AAAA', value: '2001:db8::1' },
]
const NAMES = ['tunnels.example.org', '*.tunnels.example.org']

function keeperOf(editor: RecordEditor, log: RecordedLog, given: Partial<AddressKeeperOptions> = {}) {
  const wanted = NAMES.map((name) => ({ name, records: HERE }))
  return new AddressKeeper({ editor, wanted, everyMs: 50, baseMs: 10, timeoutMs: 5000, log, ...given })
}

t.test('a domain and its wildcard at a real name server', async (t) => {
  const zone = `${zoneHead(1)}tunnels CNAME elsewhere.example.\n* A 192.0.2.1\n* AAAA 2001:db8::1\ntunnels.sub TXT "kept"`
  const { port } = await knots(t, 1, { 'example.org': zone }, { key: KEY })
  const servers = [{ host: '127.0.0.1', port }]
  const provider = new Rfc2136Provider({ servers, key: KEY, zone: null, ttlS: 60, timeoutMs: 5000, tries: 1 })
  const resolver = new Resolver()
  resolver.setServers([`127.0.0.1:${port}`])
  const log = new RecordedLog()
  const keeper = keeperOf(provider.records, log)
  t.teardown(() => keeper.close())
  keeper.start()
  const changed = 'the DNS records of a name were changed'
  await eventually('both names to be set', async () => {
    if (log.with(changed).length < 2) throw new Error('not yet')
  })
  for (const name of ['tunnels.example.org', 'any.tunnels.example.org']) {
    t.same(await resolver.resolve4(name), ['192.0.2.1'], name)
    t.same(await resolver.resolve6(name), ['2001:db8::1'], name)
  }
  t.match(
    log.with(changed).find(({ fields }) => fields['name'] === NAMES[0]),
    {
      fields: {
        changes: [
          'removed tunnels.example.org CNAME elsewhere.example',
          'added tunnels.example.org A 192.0.2.1',
          'added tunnels.example.org AAAA 2001:db8::1',
        ],
      },
    },
  )
  await provider.records.replace(NAMES[1]!, [{ type: 'A', value: '192.0.2.66' }], signal)
  await eventually('what somebody else wrote to be put right', async () => {
    if (log.with(changed).length < 3) throw new Error('not yet')
  })
  t.same(await resolver.resolve4('any.tunnels.example.org'), ['192.0.2.1'])
  t.equal(log.lines.length, 3, 'nothing else was written, and nothing said')
})

t.test('failures: one name holds no other up, and is tried again with pauses', async (t) => {
  const log = new RecordedLog()
  let isDown = true
  const tried: string[] = []
  const editor: RecordEditor = {
    async replace(name) {
      tried.push(name)
      if (isDown && name.startsWith('*')) throw new CertificateError('UR_DNS_UNREACHABLE', 'no answer')
      return []
    },
  }
  const keeper = keeperOf(editor, log, { everyMs: 100, baseMs: 5 })
  t.teardown(() => keeper.close())
  keeper.start()
  await eventually('three tries', async () => {
    if (tried.length < 6) throw new Error('not yet')
  })
  t.match(log.lines[0], { level: 'warn', fields: { name: NAMES[1], code: 'UR_DNS_UNREACHABLE', problem: 'no answer' } })
  t.same(keeper.states(), [
    { name: NAMES[0], problem: null },
    { name: NAMES[1], problem: 'no answer' },
  ])
  isDown = false
  await eventually('it to be well', async () => {
    if (log.with('the DNS records of a name are as they should be again').length < 1) throw new Error('not yet')
  })
  t.same(
    keeper.states().map(({ problem }) => problem),
    [null, null],
  )
})

t.test('closing ends what is under way; what takes too long fails', async (t) => {
  const hanging: RecordEditor = {
    replace: (_name, _records, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  }
  const log = new RecordedLog()
  const keeper = keeperOf(hanging, log)
  keeper.start()
  await keeper.close()
  t.same(log.lines, [])
  const slow = keeperOf(hanging, log, { timeoutMs: 20, everyMs: 60_000, baseMs: 60_000 })
  t.teardown(() => slow.close())
  slow.start()
  await eventually('it to fail', async () => {
    if (log.lines.length < 2) throw new Error('not yet')
  })
  t.match(log.lines[0], { fields: { problem: 'it took longer than 20 ms' } })
})
