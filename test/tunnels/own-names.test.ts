import t from 'tap'
import { RefusedError } from '../../src/core/errors.js'
import { Http, Kind } from '../../src/protocol/index.js'
import { Site } from '../../src/tunnels/index.js'
import { eventually } from '../support/hang.js'
import { must, TestAgent, testServer, type TestServer } from './support.js'

const http = { kind: Kind.KIND_HTTP, name: 'web' }

async function end(server: TestServer, agent: TestAgent): Promise<void> {
  const before = server.agents.sessionCount
  agent.end.session.close()
  await eventually('the end of the session', () => must(server.agents.sessionCount === before - 1))
}

t.test('the same name each time for the same token and tunnel, on another server as well', async (t) => {
  const names = new Set<string>()
  for (const kind of [Kind.KIND_HTTP, Kind.KIND_TLS]) {
    for (let i = 0; i < 2; i++) {
      const server = await testServer(t)
      const first = await TestAgent.connect(t, server)
      const url = (await first.bind({ ...http, kind })).bound?.publicUrl ?? ''
      t.match(url, /^(https|tls):\/\/[a-z]+-[a-z]+-[0-9a-f]{4}\.tunnels\.example\.com$/)
      await end(server, first)
      const again = await TestAgent.connect(t, server)
      t.equal((await again.bind({ ...http, kind })).bound?.publicUrl, url, 'after a restart of the agent')
      names.add(url.replace(/^\w+:/, ''))
    }
  }
  t.equal(names.size, 1)
})

t.test('other tokens and other tunnels have other names', async (t) => {
  const server = await testServer(t)
  const [alice, bob] = [await TestAgent.connect(t, server), await TestAgent.connect(t, server, { token: 'bob' })]
  const urls = [
    (await alice.bind(http)).bound?.publicUrl,
    (await alice.bind({ ...http, name: 'api' })).bound?.publicUrl,
    (await bob.bind(http)).bound?.publicUrl,
  ]
  t.equal(new Set(urls).size, 3)
})

t.test('a second agent gets a name of its own, each time the same, and the first one keeps its', async (t) => {
  const server = await testServer(t)
  const first = await TestAgent.connect(t, server)
  const url = (await first.bind(http)).bound?.publicUrl
  const second = await TestAgent.connect(t, server)
  const other = (await second.bind(http)).bound?.publicUrl
  t.not(other, url)
  // It is told its old name by the agent, which was given to it while the first was away.
  const host = /\/\/(.*)/.exec(url ?? '')?.[1] ?? ''
  const third = await TestAgent.connect(t, server)
  const answer = await third.bind({ ...http, http: { preferredHost: host } })
  t.notOk([url, other, undefined].includes(answer.bound?.publicUrl))
  t.equal(server.agents.sessionCount, 3)
  await end(server, second)
  const again = await TestAgent.connect(t, server)
  t.equal((await again.bind(http)).bound?.publicUrl, other)
})

t.test('a session that does not answer gives its name to the next one of the token', async (t) => {
  const server = await testServer(t)
  const ghost = await TestAgent.connect(t, server)
  const url = (await ghost.bind(http)).bound?.publicUrl
  ghost.socket.pause()
  const next = await TestAgent.connect(t, server)
  t.equal((await next.bind(http)).bound?.publicUrl, url)
})

t.test('agents that want to share a name do', async (t) => {
  const server = await testServer(t)
  const pooled = { ...http, http: { balance: Http.Balance.ROUND_ROBIN } }
  const [first, second] = [await TestAgent.connect(t, server), await TestAgent.connect(t, server)]
  const url = (await first.bind(pooled)).bound?.publicUrl
  t.equal((await second.bind(pooled)).bound?.publicUrl, url)
  const site = server.table.findHost(new URL(url ?? '').host)
  t.ok(site instanceof Site)
  if (site instanceof Site) t.equal(site.tunnels().length, 2)
})

t.test('when somebody else has the name, or it is not for the account, another one is given', async (t) => {
  const plain = await testServer(t)
  const alice = await TestAgent.connect(t, plain)
  const url = (await alice.bind(http)).bound?.publicUrl ?? ''
  const host = new URL(url).host
  await end(plain, alice)

  const server = await testServer(t)
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  t.equal((await bob.bind({ ...http, domain: host })).bound?.publicUrl, url)
  const late = await TestAgent.connect(t, server)
  const instead = (await late.bind(http)).bound?.publicUrl
  t.match(instead, /^https:\/\/[a-z]+-[a-z]+-[0-9a-f]{4}\./)
  t.not(instead, url)

  const refusing = (asked: string): void => {
    if (asked === host) throw new RefusedError('UR_NAME_TAKEN', 'not yours')
  }
  const strict = await testServer(t, { addresses: { checkHost: refusing, checkPort: () => undefined } })
  const agent = await TestAgent.connect(t, strict)
  t.equal((await agent.bind({ ...http, http: { preferredHost: host } })).bound?.publicUrl, instead)
})
