import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { ExecProvider } from '../../../src/certs/dns/exec.js'
import { Propagation } from '../../../src/certs/dns/propagation.js'
import type { DnsProvider } from '../../../src/certs/dns/provider.js'
import { Rfc2136Provider } from '../../../src/certs/dns/rfc2136.js'
import { DnsSolver } from '../../../src/certs/dns/solver.js'
import { query, TYPE } from '../../../src/dns/index.js'
import { RecordedLog } from '../../support/log.js'
import { Pebble } from '../../support/pebble.js'
import { program, temporaryFolder } from '../../support/places.js'
import { issuerFor } from '../acme/support.js'
import { knots, lookupAt, signal, zoneHead } from './support.js'

const KEY = { name: 'uniroute.key', algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 5).toString('base64') } as const
// Where the wildcard of the domain is an alias, so is the name of its proofs until one is written.
const ZONE = `${zoneHead(1)}tunnels A 192.0.2.1\n*.tunnels CNAME tunnels\n_acme-challenge.away CNAME _acme-challenge.tunnels`

async function start(t: Test) {
  const { port } = await knots(t, 1, { 'example.org': ZONE }, { key: KEY })
  const pebble = await Pebble.start(t, { nameServer: `127.0.0.1:${port}` })
  const log = new RecordedLog()
  const lookup = lookupAt(port)
  const times = { deadlineMs: 20_000, silenceMs: 10_000, intervalMs: 20 }
  const propagation = new Propagation({ lookup, alsoAsk: [], ...times, port, log })
  const issue = (provider: DnsProvider, ...names: string[]) => {
    const solver = new DnsSolver({ provider, lookup, propagation, domains: null, cleanUpMs: 10_000, log })
    return issuerFor(pebble, { solver }).issue({ names, replaces: null }, signal)
  }
  const left = async (name: string) => {
    const options = { recursion: false, timeoutMs: 2000, signal }
    const { answers } = await query({ host: '127.0.0.1', port }, name, TYPE.TXT, options)
    return answers.filter(({ type }) => type === TYPE.TXT)
  }
  return { port, log, issue, left }
}

t.test('wildcards from a real authority by a real name server', async (t) => {
  const { port, log, issue, left } = await start(t)
  const servers = [{ host: '127.0.0.1', port }]
  const provider = new Rfc2136Provider({ servers, key: KEY, zone: null, ttlS: 60, timeoutMs: 5000, tries: 1 })
  const both = await issue(provider, 'tunnels.example.org', '*.tunnels.example.org')
  t.equal(new X509Certificate(both.chain).subjectAltName, 'DNS:tunnels.example.org, DNS:*.tunnels.example.org')
  const away = await issue(provider, '*.away.example.org')
  t.equal(new X509Certificate(away.chain).subjectAltName, 'DNS:*.away.example.org', 'by an alias of the proofs')
  t.same(await left('_acme-challenge.tunnels.example.org'), [])
  t.same(log.lines, [])
})

t.test('the same by a hook around knsupdate', async (t) => {
  const { port, log, issue, left } = await start(t)
  const hook = path.join(await temporaryFolder(t), 'hook')
  const knsupdate = await program('knsupdate', 'knot-dnsutils')
  const script = `#!/bin/sh
test "$1" = present && action=add || action=del
printf 'server 127.0.0.1 ${port}\\nzone example.org.\\n%s %s 60 TXT "%s"\\nsend\\n' "$action" "$2" "$3" |
  ${knsupdate} -y "${KEY.algorithm}:${KEY.name}:$SECRET"
`
  await writeFile(hook, script, { mode: 0o700 })
  const provider = new ExecProvider({ hook, environment: { SECRET: KEY.secret }, timeoutMs: 10_000, graceMs: 1000 })
  const { chain } = await issue(provider, '*.tunnels.example.org')
  t.equal(new X509Certificate(chain).subjectAltName, 'DNS:*.tunnels.example.org')
  t.same(await left('_acme-challenge.tunnels.example.org'), [])
  t.same(log.lines, [])
})
