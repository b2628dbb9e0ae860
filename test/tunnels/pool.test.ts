import t from 'tap'
import { PoolMember, Site } from '../../src/tunnels/index.js'

interface Fake {
  available: boolean
}

function pool(...weights: number[]) {
  const site = new Site<Fake>('shop.example', { id: 'token', accountId: 'account' })
  const made = site.pool('/')
  const members = weights.map((weight, i) => new PoolMember<Fake>(made, { available: true }, weight, `key-${i}`))
  for (const member of members) made.add(member)
  return { site, made, members }
}

const NONE: ReadonlySet<PoolMember<Fake>> = new Set()

t.test('round robin by weight, evenly spread', async (t) => {
  const { made, members } = pool(3, 1)
  made.balance = { policy: 'round-robin', sticky: false }
  const picks = Array.from({ length: 8 }, () => members.indexOf(made.pick(0, NONE, null)!))
  t.same(picks, [0, 0, 1, 0, 0, 0, 1, 0])
})

t.test('least connections, in shares of the weight', async (t) => {
  const { made, members } = pool(1, 2)
  made.balance = { policy: 'least-connections', sticky: false }
  members[0]!.active = 1
  members[1]!.active = 1
  t.equal(made.pick(0, NONE, null), members[1])
  members[1]!.active = 3
  t.equal(made.pick(0, NONE, null), members[0])
})

t.test('one that failed is left out for longer each time, unless nobody else is there', async (t) => {
  const { made, members } = pool(1, 1)
  const [first, second] = members as [PoolMember<Fake>, PoolMember<Fake>]
  for (let i = 0; i < 9; i++) first.failed(0)
  t.equal(made.pick(500, NONE, null), second)
  t.equal(made.pick(500, NONE, 'key-0'), second, 'not even for its own visitors')
  t.equal(made.pick(1_500, NONE, 'key-0'), first)
  first.failed(1_500)
  t.ok(first.isLeftOut(3_000))
  second.tunnel.available = false
  t.equal(made.pick(1_600, NONE, null), first)
  t.equal(made.pick(1_600, new Set([first]), null), undefined)
  t.equal(first.restartingSince, null, 'it has never answered')
  first.worked()
  first.failed(9_000)
  t.equal(first.restartingSince, 9_000)
})

t.test('a host stays reserved for its token while requests may wait', async (t) => {
  const { site, made, members } = pool(1)
  made.holdMs = 1_000
  t.notOk(site.isFree(1e9))
  let changes = 0
  made.onChange(() => changes++)
  made.remove(members[0]!.tunnel, 5_000)
  site.released(made, 5_000)
  t.same([changes, made.emptySince, site.isFree(5_999), site.isFree(6_000)], [1, 5_000, false, true])
})
