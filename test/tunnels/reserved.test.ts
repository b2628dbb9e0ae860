import t from 'tap'
import { RefusedError } from '../../src/core/errors.js'
import { Kind } from '../../src/protocol/index.js'
import type { AddressGate } from '../../src/tunnels/index.js'
import { TestAgent, testServer } from './support.js'

/** A gate that gives addresses to the accounts that a test says; the account of a token is its name. */
function gate(): AddressGate & { readonly owners: Map<string | number, string> } {
  const owners = new Map<string | number, string>()
  const check = (address: string | number, account: string): void => {
    const owner = owners.get(address)
    if (owner !== undefined && owner !== account) throw new RefusedError('UR_NAME_TAKEN', `${address} is not free`)
  }
  return { owners, checkHost: check, checkPort: check }
}

const shop = 'shop.tunnels.example.com'

t.test('names and ports of others are refused, and those of any kind are passed over', async (t) => {
  const addresses = gate()
  const server = await testServer(t, { addresses })
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  for (let port = server.first; port < server.last; port++) addresses.owners.set(port, 'alice')
  addresses.owners.set(shop, 'alice')
  for (const kind of [Kind.KIND_HTTP, Kind.KIND_TLS]) {
    t.match((await bob.bind({ kind, subdomain: 'shop' })).refused, { code: 'UR_NAME_TAKEN', message: /not free/ })
    t.match((await bob.bind({ kind, domain: 'SHOP.tunnels.example.com.' })).refused, { code: 'UR_NAME_TAKEN' })
  }
  t.match((await bob.bind({ remotePort: server.first })).refused, { code: 'UR_NAME_TAKEN' })
  t.equal((await bob.bind()).bound?.remotePort, server.last)
  t.match((await bob.bind()).refused, { code: 'UR_PORTS_EXHAUSTED' })
  const alice = await TestAgent.connect(t, server, { token: 'alice' })
  t.ok((await alice.bind({ kind: Kind.KIND_HTTP, subdomain: 'shop' })).bound)
  t.ok((await alice.bind({ remotePort: server.first })).bound)
})

t.test('what becomes another account’s is taken away, with a word for the user; the rest stays', async (t) => {
  const addresses = gate()
  const server = await testServer(t, { addresses })
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  const web = (await bob.bind({ kind: Kind.KIND_HTTP, subdomain: 'shop' })).bound
  const db = (await bob.bind({ remotePort: server.first })).bound
  const kept = (await bob.bind({ remotePort: server.first + 1 })).bound
  addresses.owners.set(shop, 'alice').set(server.first, 'alice')
  server.agents.addressesChanged()
  for (const [bound, address] of [
    [web, shop],
    [db, server.first],
  ] as const) {
    const text = new RegExp(`${address}.* is this tunnel's no more\\. ${address} is not free`)
    const { notice } = await bob.message((message) => text.test(message.notice?.text ?? ''))
    t.match(notice, { code: 'UR_ADDRESS_LOST' })
    const { refused } = await bob.message((message) => message.refused?.tunnelId === bound?.tunnelId)
    t.match(refused, { code: 'UR_ADDRESS_LOST', request: 0, message: text })
  }
  t.equal(server.table.findHost(shop), undefined, 'not even as a name whose agent is away')
  t.equal(server.table.findPort(server.first), undefined)
  t.equal(server.table.findPort(server.first + 1)?.id, kept?.tunnelId)
  const alice = await TestAgent.connect(t, server, { token: 'alice' })
  t.ok((await alice.bind({ kind: Kind.KIND_HTTP, subdomain: 'shop' })).bound)
})

t.test('an address that becomes another account’s while it is bound is not given out', async (t) => {
  const addresses = gate()
  const server = await testServer(t, { addresses })
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  const checkPort = addresses.checkPort.bind(addresses)
  let asked = 0
  Object.assign(addresses, {
    checkPort(port: number, account: string) {
      if (asked++ === 1) addresses.owners.set(port, 'alice')
      checkPort(port, account)
    },
  })
  t.match((await bob.bind({ remotePort: server.first })).refused, { code: 'UR_ADDRESS_LOST' })
  t.equal(server.table.findPort(server.first), undefined)
})

t.test('who has a name is told to his own account alone', async (t) => {
  const server = await testServer(t)
  const alice = await TestAgent.connect(t, server, { token: 'alice' })
  await alice.bind({ kind: Kind.KIND_TLS, subdomain: 'shop' })
  for (const [token, message] of [
    ['bob', /bound by another token; choose another/],
    ['alice2', /bound by the token "alice" of your account/],
  ] as const) {
    const agent = await TestAgent.connect(t, server, { token })
    t.match((await agent.bind({ kind: Kind.KIND_TLS, subdomain: 'shop' })).refused, { code: 'UR_NAME_TAKEN', message })
  }
})
