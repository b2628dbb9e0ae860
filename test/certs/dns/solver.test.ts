import { EventEmitter, once } from 'node:events'
import t, { type Test } from 'tap'
import type { Challenge } from '../../../src/certs/challenge.js'
import { Propagation } from '../../../src/certs/dns/propagation.js'
import type { DnsProvider } from '../../../src/certs/dns/provider.js'
import { Rfc2136Provider } from '../../../src/certs/dns/rfc2136.js'
import { dnsProof, DnsSolver, type DnsSolverOptions } from '../../../src/certs/dns/solver.js'
import { CertificateError } from '../../../src/core/errors.js'
import { query, TYPE } from '../../../src/dns/index.js'
import { RecordedLog } from '../../support/log.js'
import { knots, lookupAt, signal, zoneHead } from './support.js'

const KEY = { name: 'uniroute.key', algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 7).toString('base64') } as const
const FULL = 'x.auth.example.net'

function challenge(name: string, keyAuthorization: string): Challenge {
  return { type: 'dns-01', name, token: keyAuthorization, keyAuthorization }
}

/** Keeps records in memory; `gate` holds each change up. */
class MemoryProvider implements DnsProvider {
  readonly name = 'memory'
  readonly records = null
  readonly events = new EventEmitter()
  readonly texts = new Set<string>()
  readonly calls: string[] = []
  gate: Promise<unknown> = Promise.resolve()
  failure: Error | null = null
  constructor(
    readonly concurrentValues: number | null = null,
    readonly delegation: string | null = null,
  ) {}

  async addTxt(name: string, value: string): Promise<void> {
    await this.#change('add', name, value)
    this.texts.add(`${name} ${value}`)
  }

  async removeTxt(name: string, value: string): Promise<void> {
    await this.#change('remove', name, value)
    this.texts.delete(`${name} ${value}`)
  }

  async #change(what: string, name: string, value: string): Promise<void> {
    this.calls.push(`${what} ${name} ${value}`)
    this.events.emit('call')
    await this.gate
    if (this.failure !== null) throw this.failure
  }
}

async function start(t: Test) {
  const log = new RecordedLog()
  const aliases = `_acme-challenge.away CNAME there.example.net.
_acme-challenge.acme CNAME ${FULL.toUpperCase()}.
_acme-challenge.wrong CNAME y.auth.example.net.
_acme-challenge.loop CNAME _acme-challenge.loop
*.wild CNAME elsewhere`
  const zones = { 'example.org': `${zoneHead(2)}${aliases}`, 'example.net': zoneHead(2) }
  const { port, made } = await knots(t, 2, zones, { key: KEY })
  const lookup = lookupAt(port)
  const solver = (provider: DnsProvider, given: Partial<DnsSolverOptions> = {}) =>
    new DnsSolver({ provider, lookup, propagation: null, domains: null, cleanUpMs: 5000, log, ...given })
  const txt = async (host: string, name: string) => {
    const options = { recursion: false, timeoutMs: 2000, signal }
    const { answers } = await query({ host, port }, name, TYPE.TXT, options)
    return answers.flatMap(({ type, value }) => (type === TYPE.TXT ? [value] : [])).sort()
  }
  return { log, port, made, lookup, solver, txt }
}

t.test('a name and its wildcard at two name servers, of which one follows the other', async (t) => {
  const { port, lookup, solver, txt, log } = await start(t)
  const servers = [1, 2].map((i) => ({ host: `127.0.0.${i}`, port }))
  const options = { key: KEY, zone: null, ttlS: 60, timeoutMs: 5000, tries: 1 }
  const [first, second] = servers.map((server) => new Rfc2136Provider({ ...options, servers: [server] }))
  const propagation = new Propagation({
    lookup,
    alsoAsk: [],
    deadlineMs: 20_000,
    silenceMs: 20_000,
    intervalMs: 50,
    port,
    log,
  })
  const dns = solver(first!, { propagation })
  const [one, two] = [challenge('a.example.org', 'token.one'), challenge('a.example.org', 'token.two')]
  t.equal(dnsProof('token.one').length, 43)
  const shown = Promise.all([dns.show(one, signal), dns.show(two, signal)])
  for (const each of [one, two])
    await second!.addTxt('_acme-challenge.a.example.org', dnsProof(each.keyAuthorization), signal)
  await shown
  const both = [one, two].map((each) => dnsProof(each.keyAuthorization)).sort()
  for (const { host } of servers) t.same(await txt(host, '_acme-challenge.a.example.org'), both)
  await dns.remove(one)
  t.same(await txt('127.0.0.1', '_acme-challenge.a.example.org'), [dnsProof('token.two')], 'the other one stays')
  await dns.remove(two)
  t.same(await txt('127.0.0.1', '_acme-challenge.a.example.org'), [])
  t.same(log.lines, [])

  const away = challenge('away.example.org', 'token.away')
  const showing = dns.show(away, signal)
  await second!.addTxt('there.example.net', dnsProof('token.away'), signal)
  await showing
  t.same(await txt('127.0.0.1', 'there.example.net'), [dnsProof('token.away')], 'where the alias leads')
  await dns.remove(away)
  t.same(await txt('127.0.0.1', 'there.example.net'), [])
})

t.test('where proofs are written, and what has to be set first', async (t) => {
  const { solver, log } = await start(t)
  const provider = new MemoryProvider(2, FULL)
  const dns = solver(provider)
  await dns.show(challenge('acme.example.org', 'k'), signal)
  t.same([...provider.texts], [`${FULL} ${dnsProof('k')}`])
  const missing =
    /set a CNAME record for _acme-challenge\.other\.example\.org that leads to x\.auth\.example\.net; now it is no alias/
  await t.rejects(dns.show(challenge('other.example.org', 'k'), signal), {
    code: 'UR_DNS_DELEGATION',
    message: missing,
  })
  await t.rejects(dns.show(challenge('wrong.example.org', 'k'), signal), { message: /leads to y\.auth\.example\.net/ })
  t.same(log.lines, [])
  const plain = solver(new MemoryProvider())
  await plain.show(challenge('unknown.example', 'k'), signal)
  await plain.show(challenge('loop.example.org', 'k'), signal)
  t.equal(log.lines.filter(({ level }) => level === 'warn').length, 2, 'DNS does not say')

  const wild = new MemoryProvider()
  await solver(wild).show(challenge('wild.example.org', 'k'), signal)
  const place = '_acme-challenge.wild.example.org'
  t.same([...wild.texts], [`${place} ${dnsProof('k')}`], 'the alias of a wildcard ends with the record')

  const some = solver(provider, { domains: ['tunnels.example.org'] })
  t.same(some.kindsFor('*.tunnels.example.org'), ['dns-01'])
  t.same(some.kindsFor('tunnels.example.org'), ['dns-01'])
  t.same(some.kindsFor('a.b.tunnels.example.org'), ['dns-01'])
  t.same(some.kindsFor('nottunnels.example.org'), [])
  t.same(solver(provider).kindsFor('any.example'), ['dns-01'])
})

t.test('a record written while it is looked where the name leads', async (t) => {
  const { port, lookup, solver } = await start(t)
  const options = { servers: [{ host: '127.0.0.1', port }], zone: null, ttlS: 60, timeoutMs: 5000, tries: 1 }
  const server = new Rfc2136Provider({ ...options, key: KEY })
  const place = '_acme-challenge.wild.example.org'
  const target = lookup.target.bind(lookup)
  lookup.target = async (name, signal) => {
    const found = await target(name, signal)
    if (name === place) await server.addTxt(place, dnsProof('by another'), signal)
    return found
  }
  const provider = new MemoryProvider()
  await solver(provider).show(challenge('wild.example.org', 'k'), signal)
  t.equal(await target(place, signal), place, 'no alias any more')
  t.same([...provider.texts], [`${place} ${dnsProof('k')}`])
})

t.test('no more values at once than the provider keeps', async (t) => {
  const { solver, lookup } = await start(t)
  const provider = new MemoryProvider(2, FULL)
  t.intercept(lookup, 'target', { value: async () => FULL })
  const dns = solver(provider)
  // Nothing here waits for the network: all that can be done is done in this turn.
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const all = ['a', 'b', 'c', 'd'].map((key) => challenge('acme.example.org', key))
  await Promise.all(all.slice(0, 2).map((each) => dns.show(each, signal)))
  const third = dns.show(all[2]!, signal)
  const stopped = new AbortController()
  const reason = new Error('stopped')
  const fourth = dns.show(all[3]!, stopped.signal)
  await turn()
  t.equal(provider.calls.length, 2)
  stopped.abort(reason)
  await t.rejects(fourth, reason, 'who waits for room can be stopped')
  await dns.remove(all[3]!)
  t.equal(provider.texts.size, 2)
  t.equal(provider.calls.length, 2)
  await dns.remove(all[0]!)
  await third
  t.same([...provider.texts].sort(), [1, 2].map((i) => `${FULL} ${dnsProof(all[i]!.keyAuthorization)}`).sort())
})

t.test('removal in every case', async (t) => {
  const { solver, log } = await start(t)
  const provider = new MemoryProvider()
  const dns = solver(provider)
  const [name, value] = ['_acme-challenge.b.example.org', dnsProof('k')]
  const one = challenge('b.example.org', 'k')
  await dns.remove(one)
  t.same(provider.calls, [], 'what was never shown needs none')

  provider.failure = new CertificateError('UR_DNS_UNREACHABLE', 'no answer')
  await t.rejects(dns.show(one, signal), { code: 'UR_DNS_UNREACHABLE' })
  await dns.remove(one)
  t.same(provider.calls, [`add ${name} ${value}`, `remove ${name} ${value}`], 'it may have been written all the same')
  t.match(log.with('a TXT record could not be removed; remove it by hand'), [
    { level: 'warn', fields: { name, value, code: 'UR_DNS_UNREACHABLE' } },
  ])

  provider.failure = null
  provider.calls.length = 0
  const same = [1, 2].map(() => ({ ...one, name: 'away.example.org' }))
  await dns.show(one, signal)
  await dns.show(same[0]!, signal)
  await dns.remove(one)
  await dns.remove(one)
  t.same([...provider.texts], [`there.example.net ${value}`])
  await dns.remove(same[1]!)
  t.same([...provider.texts], [])

  // Two orders with one authorization that is pending have the same challenge.
  await Promise.all([dns.show(one, signal), dns.show({ ...one }, signal)])
  await dns.remove(one)
  t.same([...provider.texts], [`${name} ${value}`], 'the other order needs it')
  await dns.remove(one)
  t.same([...provider.texts], [])

  // One removes what another has just begun to want.
  provider.calls.length = 0
  await dns.show(one, signal)
  let open = (): void => {}
  provider.gate = new Promise<void>((resolve) => (open = resolve))
  const removing = dns.remove(one)
  if (provider.calls.length < 2) await once(provider.events, 'call')
  const again = dns.show(one, signal)
  open()
  await Promise.all([removing, again])
  t.same([...provider.texts], [`${name} ${value}`])
  t.same(
    provider.calls.map((call) => call.split(' ')[0]),
    ['add', 'remove', 'add'],
  )
})
