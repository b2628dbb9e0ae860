import t, { type Test } from 'tap'
import { readUpstream } from '../../../src/config/index.js'
import { systemClock } from '../../../src/core/clock.js'
import type { TimelineEntry } from '../../../src/inspector/exchange.js'
import { GrpcTypes } from '../../../src/inspector/grpc/grpc-types.js'
import { checkProtos, namesOfTunnels } from '../../../src/inspector/grpc/names-of-tunnels.js'
import { ORDER, SHOP_PROTO, startGrpcShop } from '../../support/grpc-shop.js'
import { freePort } from '../../support/places.js'
import { InspectorApi } from '../api/support.js'
import { exchange } from '../support.js'

const { request } = GrpcTypes.fromFiles([SHOP_PROTO]).method('/shop.v1.Shop/Buy')!

const ENTRY: TimelineEntry = {
  number: 0,
  atMs: 1,
  direction: 'to-upstream',
  kind: 'grpc',
  bytes: 1,
  label: '',
  payload: Buffer.from(request.encode(request.fromObject(ORDER)).finish()),
  truncated: false,
  problem: null,
}
const CALL = exchange('0000000000000001', {
  kind: 'grpc',
  tunnel: 'shop',
  target: '/shop.v1.Shop/Buy',
  timeline: [ENTRY],
  messages: 1,
})

function names(port: number, protos: readonly string[] = []) {
  const upstream = readUpstream(String(port))
  const tunnel = { name: 'shop', kind: 'http', upstream, http: { upstreamProtocol: 'http2' }, inspected: true } as const
  const tunnels = [tunnel]
  return namesOfTunnels(() => tunnels, protos, systemClock)
}

const itemOf = (json: string | null) => (JSON.parse(json ?? '{}') as Record<string, unknown>)['item']

async function shop(t: Test, reflection: boolean): Promise<number> {
  return startGrpcShop(t, { reflection })
}

t.test('by the reflection of the upstream, by .proto files, or by a guess', async (t) => {
  const reflected = await names(await shop(t, true)).describe(CALL, ENTRY)
  t.equal(reflected.type, 'shop.v1.Order')
  t.equal(itemOf(reflected.json), ORDER.item)

  const given = await names(await freePort(), [SHOP_PROTO]).describe(CALL, ENTRY)
  t.equal(given.type, 'shop.v1.Order')
  t.equal(itemOf(given.json), ORDER.item)

  const guessed = { type: '', json: /"1": "tea/ }
  t.match(await names(await shop(t, false)).describe(CALL, ENTRY), guessed, 'the upstream has no reflection')
  t.match(await names(await freePort()).describe(CALL, ENTRY), guessed, 'the upstream is away')
  t.match(await names(1).describe({ ...CALL, tunnel: 'none' }, ENTRY), guessed, 'a tunnel that is not there any more')
  t.same(await names(1, [SHOP_PROTO]).describe(CALL, { ...ENTRY, payload: Buffer.from([0x0b]) }), {
    type: 'shop.v1.Order',
    json: null,
  })
  t.same(await names(1).describe(CALL, { ...ENTRY, truncated: true }), { type: '', json: null })
})

t.test('files that cannot be read are refused', async (t) => {
  await checkProtos([SHOP_PROTO])
  await t.rejects(checkProtos(['/nowhere/a.proto']), { code: 'UR_INSPECT_PROTO', message: /nowhere/ })
})

t.test('the API tells the type of a message, and what is in it', async (t) => {
  const grpc = names(await freePort(), [SHOP_PROTO])
  const api = await InspectorApi.start(t, { grpc })
  api.book.add(CALL)
  const { text } = await api.call(`/api/inspect/exchanges/${CALL.id}/messages`)
  const { messages } = JSON.parse(text) as { messages: { label: string; text: string; base64: null }[] }
  t.match(messages, [{ label: 'shop.v1.Order', base64: null }])
  t.equal(itemOf(messages[0]!.text), ORDER.item)
})
