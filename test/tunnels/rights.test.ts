import t from 'tap'
import { Kind, type BindInit, type Control } from '../../src/protocol/index.js'
import type { Rights } from '../../src/store/index.js'
import { changeRights, TestAgent, testServer, type TestServer } from './support.js'

/** What is asked with which rights, and what comes of it: a code, or the public address. */
type Case = readonly [rights: Rights | null, bind: BindInit, expected: string | RegExp]

const tcp = (bind: BindInit = {}): BindInit => ({ kind: Kind.KIND_TCP, ...bind })
const tls = (domain = ''): BindInit => ({ kind: Kind.KIND_TLS, domain })
const http = (subdomain = '', bind: BindInit = {}): BindInit => ({ kind: Kind.KIND_HTTP, subdomain, ...bind })
const site = (domain: string): BindInit => ({ kind: Kind.KIND_HTTP, domain })
const ruled = (rules: NonNullable<NonNullable<BindInit['httpOptions']>['rules']>): BindInit =>
  http('shop', { httpOptions: { rules: { required: Object.keys(rules).map(snake), ...rules } } })

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const LOGIN = { user: 'ann', salt: Buffer.alloc(16, 1), hash: Buffer.alloc(32, 2), logN: 10, r: 8, p: 1 }
const RANDOM = /^https:\/\/[a-z0-9-]+\.tunnels\.example\.com$/

const kinds = (...kinds: string[]): Rights => ({ kinds })
const names = (...names: string[]): Rights => ({ names })
const demand = (...require_rules: string[]): Rights => ({ kinds: ['http'], require_rules })
const at = (name: string): string => `https://${name}`

function cases({ first, last }: TestServer): readonly Case[] {
  const ports = (...ports: string[]): Rights => ({ ports })
  const port = (n: number): string => `tcp://127.0.0.1:${n}`
  return [
    // all rights
    [null, tcp({ remotePort: first }), port(first)],
    [null, tls('db.example.org'), 'tls://db.example.org'],
    [null, http(), RANDOM],
    [{}, site('*.example.org'), at('*.example.org')],

    // kinds
    [kinds('http'), tcp(), 'UR_RIGHTS_KIND'],
    [kinds('http'), tcp({ remotePort: first }), 'UR_RIGHTS_KIND'],
    [kinds('http'), tls('db.example.org'), 'UR_RIGHTS_KIND'],
    [kinds('http'), http('shop'), at('shop.tunnels.example.com')],
    [kinds('tcp', 'tls'), http('shop'), 'UR_RIGHTS_KIND'],
    [kinds('tcp', 'tls'), tls('db.example.org'), 'tls://db.example.org'],
    [kinds('tcp', 'tls'), tcp({ remotePort: first }), port(first)],
    [kinds('tls'), tls(), /^tls:\/\/[a-z0-9-]+\.tunnels\.example\.com$/],

    // names below the server's domain
    [names('shop'), http('shop'), at('shop.tunnels.example.com')],
    [names('shop'), site('SHOP.tunnels.example.com.'), at('shop.tunnels.example.com')],
    [names('shop'), { kind: Kind.KIND_TLS, subdomain: 'shop' }, 'tls://shop.tunnels.example.com'],
    [names('shop'), http('shopx'), 'UR_RIGHTS_NAME'],
    [names('shop'), site('x.shop.tunnels.example.com'), 'UR_RIGHTS_NAME'],
    [names('shop'), http('x.shop'), 'UR_NAME_INVALID'],
    [names('shop'), site('shop.example.org'), 'UR_RIGHTS_NAME'],
    [names('shop'), http(), 'UR_RIGHTS_NAME'],
    [names('shop'), tls(), 'UR_RIGHTS_NAME'],
    [names('shop', 'blog'), http('blog'), at('blog.tunnels.example.com')],
    [names('SHOP'), http('shop'), at('shop.tunnels.example.com')],
    [names('*'), http(), RANDOM],
    [names('*'), site('a.b.tunnels.example.com'), at('a.b.tunnels.example.com')],
    [names('*'), site('*.b.tunnels.example.com'), at('*.b.tunnels.example.com')],
    [names('*'), site('db.example.org'), 'UR_RIGHTS_NAME'],
    [names('*'), site('*.tunnels.example.com'), 'UR_NAME_RESERVED'],
    [names('*'), site('eviltunnels.example.com'), 'UR_RIGHTS_NAME'],
    [names('shop'), tcp({ remotePort: first }), port(first)],

    // names elsewhere
    [names('*.alice.example.com'), site('x.alice.example.com'), at('x.alice.example.com')],
    [names('*.alice.example.com'), site('x.y.alice.example.com'), at('x.y.alice.example.com')],
    [names('*.alice.example.com'), site('*.alice.example.com'), at('*.alice.example.com')],
    [names('*.alice.example.com'), site('*.x.alice.example.com'), at('*.x.alice.example.com')],
    [names('*.alice.example.com'), site('alice.example.com'), 'UR_RIGHTS_NAME'],
    [names('*.alice.example.com'), site('xalice.example.com'), 'UR_RIGHTS_NAME'],
    [names('*.alice.example.com'), site('*.example.com'), 'UR_RIGHTS_NAME'],
    [names('*.alice.example.com'), http('alice'), 'UR_RIGHTS_NAME'],
    [names('db.example.com'), site('DB.Example.COM'), at('db.example.com')],
    [names('db.example.com'), site('x.db.example.com'), 'UR_RIGHTS_NAME'],
    [names('db.example.com'), site('*.db.example.com'), 'UR_RIGHTS_NAME'],
    [names('db.example.com'), site('*.example.com'), 'UR_RIGHTS_NAME'],
    [names('db.example.com'), site('db.example.com.evil.org'), 'UR_RIGHTS_NAME'],
    [names('bücher.example'), site('xn--bcher-kva.example'), at('xn--bcher-kva.example')],

    // a star within a label
    [names('alice-*'), http('alice-web'), at('alice-web.tunnels.example.com')],
    [names('alice-*'), http('alicex'), 'UR_RIGHTS_NAME'],
    [names('alice-*'), http('x-alice-web'), 'UR_RIGHTS_NAME'],
    [names('alice-*'), site('alice-web.x.tunnels.example.com'), 'UR_RIGHTS_NAME'],
    [names('alice-*'), site('alice-web.example.org'), 'UR_RIGHTS_NAME'],
    [names('alice-*'), site('*.alice-web.tunnels.example.com'), 'UR_RIGHTS_NAME'],
    [names('alice-*.example.org'), site('alice-web.example.org'), at('alice-web.example.org')],
    [names('a*-*b'), http('ax-yb'), at('ax-yb.tunnels.example.com')],
    [names('a*-*b'), http('axyb'), 'UR_RIGHTS_NAME'],
    [names('ab*ba'), http('aba'), 'UR_RIGHTS_NAME'],

    // ports
    [ports(`${first + 1}`), tcp({ remotePort: first + 1 }), port(first + 1)],
    [ports(`${first + 1}`), tcp({ remotePort: first + 2 }), 'UR_RIGHTS_PORT'],
    [ports(`${first}-${first + 1}`, `${last}`), tcp({ remotePort: last }), port(last)],
    [ports(`${first + 3}`), tcp(), port(first + 3)],
    [ports(`${first + 3}`), tcp({ preferredPort: first + 4 }), port(first + 3)],
    [ports('1-1023'), tcp({ remotePort: first }), 'UR_RIGHTS_PORT'],
    [ports('1-1023'), tcp({ remotePort: 1000 }), 'UR_PORT_RANGE'],
    [ports('1-1023'), tcp(), 'UR_PORTS_EXHAUSTED'],
    [ports('1-1023'), http('shop'), at('shop.tunnels.example.com')],

    // rules
    [demand('basic_auth'), http('shop'), 'UR_RIGHTS_RULE'],
    [demand('basic_auth'), ruled({ basicAuth: [LOGIN] }), at('shop.tunnels.example.com')],
    [demand('basic_auth'), ruled({ cidrAllow: ['10.0.0.0/8'] }), 'UR_RIGHTS_RULE'],
    [demand('basic-auth|cidr-allow'), ruled({ cidrAllow: ['10.0.0.0/8'] }), at('shop.tunnels.example.com')],
    [demand('cidr_allow'), ruled({ cidrAllow: ['0.0.0.0/0'] }), 'UR_RIGHTS_RULE'],
    [demand('cidr_allow'), ruled({ cidrAllow: ['10.0.0.0/8', '::/0'] }), 'UR_RIGHTS_RULE'],
    [demand('basic_auth', 'max_body'), ruled({ basicAuth: [LOGIN] }), 'UR_RIGHTS_RULE'],
    [demand('basic_auth', 'max_body'), ruled({ basicAuth: [LOGIN], maxBody: 9 }), at('shop.tunnels.example.com')],
    [
      demand('verify_webhook'),
      ruled({ webhook: { provider: 'github', secret: 'a secret' } }),
      at('shop.tunnels.example.com'),
    ],
    [demand('rate'), ruled({ ratePerVisitor: { burst: 1, perSecond: 1 } }), 'UR_RIGHTS_RULE'],

    // what this version does not understand
    [{ kinds: ['http'], continents: ['eu'] }, http('shop'), 'UR_RIGHTS_UNREADABLE'],
    [{ kinds: ['http', 'quic'] }, http('shop'), 'UR_RIGHTS_UNREADABLE'],
    [{ max_tunnels: 'many' }, tcp({ remotePort: first }), 'UR_RIGHTS_UNREADABLE'],
    [{ unreadable: '{' }, tls('db.example.org'), 'UR_RIGHTS_UNREADABLE'],
    [{ require_rules: ['basic_auth'] }, tcp({ remotePort: first }), 'UR_RIGHTS_UNREADABLE'],
  ]
}

t.test('what a token may bind', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  const all = cases(server)
  t.ok(all.length >= 60, `${all.length} cases`)
  for (const [rights, bind, expected] of all) {
    await changeRights(server, 'alice', rights, false)
    const { bound, refused } = await agent.bind(bind)
    const name = `${JSON.stringify(rights)}: ${JSON.stringify(bind).slice(0, 120)}`
    t.match(refused?.code ?? bound?.publicUrl, expected, name)
    if (refused) t.match(refused, { retryable: false }, 'for good')
    if (bound) agent.send({ unbind: { tunnelId: bound.tunnelId } })
  }
  await changeRights(server, 'alice', null, false)
  t.ok((await agent.bind(http('last'))).bound)
  t.equal(server.rights.of('alice').tunnels, 1, 'the others were counted, and are no more')
})

t.test('a refusal names what may be had instead', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  const told = async (rights: Rights, bind: BindInit): Promise<string> => {
    await changeRights(server, 'alice', rights, false)
    return (await agent.bind(bind)).refused?.message ?? ''
  }
  t.match(await told(kinds('tcp', 'http'), tls()), /kind tls, only tcp, http/)
  const allowed = names('shop', '*.alice.example.com')
  t.match(
    await told(allowed, http('x')),
    /x\.tunnels\.example\.com, only shop\.tunnels\.example\.com, \*\.alice\.example\.com/,
  )
  t.match(await told({ ports: [1, '5-7'] }, tcp({ remotePort: server.first })), /only 1, 5-7/)
  t.match(await told(demand('basic_auth|verify_webhook'), http('x')), /--basic-auth or --verify-webhook/)
  t.match(await told({ kinds: ['http'], colour: 'red' }, http('x')), /colour: unknown key; the nearest known key is/)
})

t.test('one who may not have a name does not learn whether it is taken', async (t) => {
  const server = await testServer(t, { rights: { bob: names('bob-*') } })
  const alice = await TestAgent.connect(t, server)
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  t.ok((await alice.bind(http('shop'))).bound)
  t.ok((await alice.bind(tcp({ remotePort: server.first }))).bound)
  t.match((await bob.bind(http('shop'))).refused, { code: 'UR_RIGHTS_NAME' })
  await changeRights(server, 'bob', { ports: ['1-2'] })
  t.match((await bob.bind(tcp({ remotePort: server.first }))).refused, { code: 'UR_RIGHTS_PORT' })
})

const isRefused = (message: Control): boolean => message.refused?.request === 0

t.test('rights that are narrowed end what may not be any more, and nothing else', async (t) => {
  const server = await testServer(t)
  const [one, two] = [await TestAgent.connect(t, server), await TestAgent.connect(t, server)]
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  const shop = (await one.bind(http('shop', { name: 'web' }))).bound
  const blog = (await one.bind(http('blog'))).bound
  const db = (await two.bind(tls('db.example.org'))).bound
  const taken = (await bob.bind(http('bobs'))).bound
  await changeRights(server, 'alice', { names: ['blog', 'db.example.org'] })

  const notice = (await one.message((message) => Boolean(message.notice))).notice
  t.match(notice, { level: 2, code: 'UR_RIGHTS_CHANGED', text: /"web" \(https:\/\/shop\.tunnels\.example\.com\)/ })
  t.notMatch(notice?.text, /blog/)
  t.match((await one.message(isRefused)).refused, { code: 'UR_RIGHTS_NAME', tunnelId: shop?.tunnelId })
  const bound = [...server.agents.sessions()].flatMap(({ tunnels }) => [...tunnels.keys()])
  t.strictSame(bound.sort(), [blog!.tunnelId, db!.tunnelId, taken!.tunnelId].sort())
  t.notOk(
    two.messages.some(({ notice }) => notice),
    'who lost nothing is told nothing',
  )
  t.match((await one.bind(http('shop'))).refused, { code: 'UR_RIGHTS_NAME' })

  await changeRights(server, 'alice', null)
  t.ok((await one.bind(http('shop'))).bound, 'and back when they are widened')
})
