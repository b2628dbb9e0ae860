import t from 'tap'
import { addressFindings, caaFinding, delegationFinding } from '../../../src/daemon/doctor/index.js'
import { DnsClient, DnsLookup } from '../../../src/dns/index.js'
import { Knot } from '../../support/knot.js'

const ZONE = `
@ CAA 0 iodef "mailto:admin@example.org"
here A 192.0.2.1
*.here CNAME here
elsewhere A 192.0.2.66
*.elsewhere AAAA 2001:db8::66
single A 192.0.2.1
le CAA 0 issue "letsencrypt.org"
sub.le A 192.0.2.1
other CAA 0 issue "other.example"
other CAA 0 issue "Third.example; accounturi=x"
none CAA 0 issue ";"
wild CAA 0 issue ";"
wild CAA 0 issuewild "letsencrypt.org"
nowild CAA 0 issue "letsencrypt.org"
nowild CAA 0 issuewild ";"
method CAA 0 issue "letsencrypt.org; validationmethods=dns-01,tls-alpn-01"
critical CAA 128 tbs "unknown"
away CNAME le
_acme-challenge.right CNAME x.auth.example.net.
_acme-challenge.wrong CNAME y.auth.example.net.
`

t.test('what DNS has to say', async (t) => {
  const knot = await Knot.start(t, { 'example.org': ZONE, 'example.net': '', 'broken.example': null })
  const options = { resolvers: [{ host: '127.0.0.1', port: knot.port }], timeoutMs: 2000 }
  const [dns, lookup] = [new DnsClient(options), new DnsLookup(options)]

  t.test('where the domain and its wildcard lead', async (t) => {
    const own = ['127.0.0.1', '10.0.0.5', '192.0.2.1', '2001:db8::1']
    const find = (domain: string, given: object = {}) => addressFindings({ dns, domain, advertised: [], own, ...given })
    t.match(await find('here.example.org'), [
      { what: 'addresses of here.example.org', problem: null },
      { problem: null },
    ])
    t.match(await find('elsewhere.example.org'), [
      {
        problem: 'it leads to 192.0.2.66, and not to this machine',
        advice: 'set in DNS: elsewhere.example.org A 192.0.2.1, elsewhere.example.org AAAA 2001:db8::1',
      },
      { problem: /leads to 2001:db8::66/, advice: /^set in DNS: \*\.elsewhere\.example\.org A 192\.0\.2\.1, / },
    ])
    t.match(await find('single.example.org'), [{ problem: null }, { problem: 'it does not resolve' }])
    t.match(await find('elsewhere.example.org', { advertised: ['192.0.2.66'] }), [
      { problem: null },
      { problem: /2001:db8::66/, advice: 'set in DNS: *.elsewhere.example.org A 192.0.2.66' },
    ])
    t.match(await find('elsewhere.example.org', { own: ['10.0.0.5', 'fd00::1'] }), [
      { what: /this machine has no public address to compare/, problem: null },
      { problem: null },
    ])
    t.match(await find('missing.example.org', { own: ['10.0.0.5'] }), [
      { advice: 'set in DNS: missing.example.org A ADDRESS (the public address of this machine)' },
      {},
    ])
    t.match(await find('broken.example'), [{ problem: /SERVFAIL/ }, { problem: /SERVFAIL/ }])
  })

  t.test('whether CAA records let the authority issue', async (t) => {
    const caa = async (name: string, methods: string[] = [], identities = ['letsencrypt.org']) =>
      caaFinding({ dns, name, identities, methods })
    const fine = ['here', 'le', '*.le', 'sub.le', 'x.y.le', '*.wild', 'nowild', 'method', 'away', 'missing']
    for (const name of fine) t.match(await caa(`${name}.example.org`), { problem: null }, name)
    t.match(await caa('other.example.org'), {
      problem: 'other.example.org allows other.example, third.example and not letsencrypt.org',
      advice: 'add in DNS: other.example.org CAA 0 issue "letsencrypt.org"',
    })
    t.match(await caa('x.none.example.org'), { problem: /^none\.example\.org allows nobody and not letsencrypt\.org/ })
    t.match(await caa('wild.example.org'), { problem: /allows nobody/ })
    t.match(await caa('*.nowild.example.org'), {
      advice: 'add in DNS: nowild.example.org CAA 0 issuewild "letsencrypt.org"',
    })
    t.match(await caa('method.example.org', ['http-01', 'dns-01']), { problem: null })
    t.match(await caa('method.example.org', ['http-01']), {
      problem: 'method.example.org allows only proofs by dns-01, tls-alpn-01, and http-01 is used',
    })
    t.match(await caa('critical.example.org'), { problem: /a critical record of a kind that no authority knows/ })
    t.match(await caa('none.example.org', [], []), { problem: null }, 'nobody knows how the authority is called')
    t.match(await caa('broken.example'), { problem: /SERVFAIL/ })
  })

  t.test('where proofs are written', async (t) => {
    const { signal } = new AbortController()
    const look = (domain: string, to: string | null) => delegationFinding(lookup, domain, to, signal)
    t.match(await look('right.example.org', 'x.auth.example.net'), { problem: null })
    t.match(await look('right.example.org', null), { problem: null, what: /leads to x\.auth\.example\.net/ })
    t.match(await look('wrong.example.org', 'x.auth.example.net'), {
      problem: 'it leads to y.auth.example.net',
      advice: 'set in DNS: _acme-challenge.wrong.example.org CNAME x.auth.example.net.',
    })
    t.match(await look('single.example.org', 'x.auth.example.net'), { problem: 'it has no CNAME record' })
    t.match(await look('here.example.org', 'x.auth.example.net'), { problem: 'it leads to here.example.org' })
    t.match(
      await look('here.example.org', null),
      { problem: null, what: /here\.example\.org$/ },
      'by the wildcard only',
    )
    t.match(await look('unknown.example', null), { problem: /REFUSED/ })
  })
})
