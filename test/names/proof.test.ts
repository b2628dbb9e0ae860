import dgram from 'node:dgram'
import { once } from 'node:events'
import t from 'tap'
import { DnsClient } from '../../src/dns/client.js'
import { lookForPointing, lookForProof, newProof } from '../../src/names/proof.js'
import { Knot } from '../support/knot.js'

const PROOF = 'uniroute-proof=right'
const SERVER = 'tunnels.example.com'

const ZONE = `
_uniroute.right TXT "${PROOF}"
_uniroute.wrong TXT "uniroute-proof=wrong"
_uniroute.near TXT "${PROOF} " "x"
_uniroute.several TXT "v=spf1 -all"
_uniroute.several TXT "${PROOF}"
_uniroute.several TXT "uniroute-proof=old"
_uniroute.strings TXT "uniroute" "-pro" "of=right"
_uniroute.notxt A 192.0.2.1
_uniroute.chain CNAME one
one CNAME two
two CNAME three
three TXT "${PROOF}"
_uniroute.emptychain CNAME four
four CNAME notext
notext A 192.0.2.1
_uniroute.dangling CNAME nowhere
_uniroute.loop CNAME loop1
loop1 CNAME loop2
loop2 CNAME _uniroute.loop
_uniroute.self CNAME _uniroute.self
${Array.from({ length: 40 }, (_, i) => `_uniroute.large TXT "some other record of some length, number ${i}"`).join('\n')}
_uniroute.large TXT "${PROOF}"
alias CNAME ${SERVER}.
deep CNAME alias
below CNAME node1.${SERVER}.
same A 192.0.2.1
same A 192.0.2.9
same6 AAAA 2001:db8::1
other A 192.0.2.7
away CNAME other
round CNAME round2
round2 CNAME round
`

const COM = `
tunnels A 192.0.2.1
tunnels AAAA 2001:db8::1
node1.tunnels A 192.0.2.2
`

const PROOFS: readonly (readonly [label: string, state: string, text: RegExp])[] = [
  ['right', 'found', /as it should be/],
  ['wrong', 'wrong', /has a TXT record, and none is uniroute-proof=right/],
  ['near', 'wrong', /a TXT record/],
  ['several', 'found', /./],
  ['strings', 'found', /./],
  ['missing', 'missing', /there is no name _uniroute\.missing\.example\.org$/],
  ['notxt', 'missing', /_uniroute\.notxt\.example\.org has no TXT record$/],
  ['chain', 'found', /./],
  ['emptychain', 'missing', /no TXT record \(followed _uniroute\.emptychain\S* → four\S* → notext\.example\.org\)/],
  ['dangling', 'missing', /\(followed _uniroute\.dangling\.example\.org → nowhere\.example\.org\)/],
  ['loop', 'missing', /lead nowhere: _uniroute\.loop\S* → loop1\S* → loop2\S* → _uniroute\.loop\.example\.org$/],
  ['self', 'missing', /lead nowhere/],
  ['large', 'found', /./],
]

const POINTINGS: readonly (readonly [name: string, state: string, text: RegExp])[] = [
  ['alias.example.org', 'here', /alias/],
  ['deep.example.org', 'here', /alias/],
  ['below.example.org', 'here', /alias/],
  ['same.example.org', 'here', /address/],
  ['same6.example.org', 'here', /address/],
  ['other.example.org', 'elsewhere', /leads to 192\.0\.2\.7, and tunnels\.example\.com to 192\.0\.2\.1, 2001:db8::1/],
  ['away.example.org', 'elsewhere', /192\.0\.2\.7/],
  ['missing.example.org', 'missing', /no address/],
  ['round.example.org', 'missing', /lead nowhere/],
  ['alias.broken.example', 'failed', /SERVFAIL/],
]

t.test('against a real DNS server', async (t) => {
  const knot = await Knot.start(t, { 'example.org': ZONE, 'example.com': COM, 'broken.example': null })
  const at = (port: number, timeoutMs = 2000): DnsClient =>
    new DnsClient({ resolvers: [{ host: '127.0.0.1', port }], timeoutMs })
  const dns = at(knot.port)

  t.test('the proof of a domain', async (t) => {
    for (const [label, state, text] of PROOFS) {
      t.match(await lookForProof(dns, `${label}.example.org`, PROOF), { state, text }, label)
    }
  })

  t.test('where a domain leads', async (t) => {
    for (const [name, state, text] of POINTINGS) {
      t.match(await lookForPointing(dns, name, SERVER), { state, text }, name)
    }
  })

  t.test('an answer that does not fit into UDP is fetched over TCP', async (t) => {
    const before = await knot.queries('tcp4')
    t.match(await lookForProof(dns, 'large.example.org', PROOF), { state: 'found' })
    t.equal(await knot.queries('tcp4'), before + 1)
  })

  t.test('a server that fails, refuses, is not there, or is silent, says nothing of the proof', async (t) => {
    t.match(await lookForProof(dns, 'broken.example', PROOF), { state: 'failed', text: /SERVFAIL/ })
    t.match(await lookForProof(dns, 'not-ours.example', PROOF), { state: 'failed', text: /refused/ })
    const silent = dgram.createSocket('udp4')
    t.teardown(() => silent.close())
    silent.bind(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address()
    let asked = 0
    silent.on('message', () => asked++)
    const startedAt = performance.now()
    const text = new RegExp(`asked 127\\.0\\.0\\.1:${port} for TXT _uniroute\\.right\\S* no answer came in time`)
    t.match(await lookForProof(at(port, 400), 'right.example.org', PROOF), { state: 'failed', text })
    const ms = performance.now() - startedAt
    t.ok(ms < 1500, `${ms} ms`)
    t.equal(asked, 2, 'a lost packet is sent again')
  })

  t.test('a server that was stopped in between, and an answer that changes', async (t) => {
    const look = () => lookForProof(at(knot.port, 400), 'example.org', PROOF)
    t.match(await look(), { state: 'missing' })
    await knot.change('example.org', `${ZONE}\n_uniroute TXT "${PROOF}"`)
    t.match(await look(), { state: 'found' })
    await knot.freeze()
    t.match(await look(), { state: 'failed', text: /no answer came in time/ })
    knot.wake()
    await knot.change('example.org', `${ZONE}\n_uniroute TXT "uniroute-proof=another"`)
    t.match(await look(), { state: 'wrong' })
  })
})

t.test('proofs are random', async (t) => {
  const proofs = new Set(Array.from({ length: 100 }, newProof))
  t.equal(proofs.size, 100)
  for (const proof of proofs) t.match(proof, /^uniroute-proof=[\w-]{24}$/)
})
