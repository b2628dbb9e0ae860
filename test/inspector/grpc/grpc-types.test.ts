import t from 'tap'
import net from 'node:net'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GrpcTypes, messageToJson } from '../../../src/inspector/grpc/grpc-types.js'
import { guessMessage } from '../../../src/inspector/grpc/guess.js'
import { reflect } from '../../../src/inspector/grpc/reflection.js'
import { ORDER, RECEIPT, SHOP_PROTO, startGrpcShop } from '../../support/grpc-shop.js'

const TARGET = '/shop.v1.Shop/Buy'

/** As protobufjs writes them: the other direction of what is tested. */
function payloads(types: GrpcTypes) {
  const { request, response } = types.method(TARGET)!
  const order = { ...ORDER, size: 1 }
  return {
    request,
    response,
    order: Buffer.from(request.encode(request.fromObject(ORDER)).finish()),
    receipt: Buffer.from(response.encode(response.fromObject({ ...RECEIPT, orders: [order] })).finish()),
  }
}

const ORDER_JSON = { ...ORDER, token: '/wA=' }
const RECEIPT_JSON = { number: '9007199254740993', at: '2023-11-14T22:13:20Z', orders: [ORDER_JSON] }

t.test('messages by .proto files, with what they import beside them', async (t) => {
  const types = GrpcTypes.fromFiles([SHOP_PROTO])
  const { request, response, order, receipt } = payloads(types)
  t.same(JSON.parse(messageToJson(request, order)), ORDER_JSON)
  t.same(JSON.parse(messageToJson(response, receipt)), RECEIPT_JSON)
  t.equal(types.method('/shop.v1.Shop/Sell'), null)
  t.equal(types.method('/shop.v1.Order/Buy'), null)
  t.equal(types.method('/'), null)
  t.throws(() => messageToJson(request, Buffer.from([0x0a, 0xff])), 'what is no such message')
})

t.test('a file that is none is refused with its name and what is wrong', async (t) => {
  const folder = t.testdir()
  const broken = join(folder, 'broken.proto')
  await writeFile(broken, 'syntax = "proto3";\nmessage A {\n  strin name = 1;\n}\n')
  t.throws(() => GrpcTypes.fromFiles([broken]), { code: 'UR_INSPECT_PROTO', message: /broken\.proto/ })
  t.throws(() => GrpcTypes.fromFiles([join(folder, 'none.proto')]), {
    code: 'UR_INSPECT_PROTO',
    message: /none\.proto/,
  })
  const alone = join(folder, 'alone.proto')
  await writeFile(alone, 'syntax = "proto3";\nimport "not-there.proto";\n')
  t.throws(() => GrpcTypes.fromFiles([alone]), { code: 'UR_INSPECT_PROTO', message: /not-there\.proto/ })
})

t.test('messages by the reflection of a real server', async (t) => {
  const port = await startGrpcShop(t)
  const files = await reflect(net.connect(port, '127.0.0.1'), 'localhost', 'shop.v1.Shop')
  const types = GrpcTypes.fromDescriptors(files)
  const { request, order } = payloads(types)
  t.same(JSON.parse(messageToJson(request, order)), ORDER_JSON)
})

t.test('a server that cannot say is told apart', async (t) => {
  const port = await startGrpcShop(t)
  await t.rejects(reflect(net.connect(port, '127.0.0.1'), 'localhost', 'shop.v1.Other'), { message: /Other/ })

  const without = await startGrpcShop(t, { reflection: false })
  await t.rejects(reflect(net.connect(without, '127.0.0.1'), 'localhost', 'shop.v1.Shop'), { message: /no reflection/ })

  const web = net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
  t.teardown(() => web.close())
  await new Promise((resolve) => web.once('listening', resolve))
  const { port: webPort } = web.address() as net.AddressInfo
  await t.rejects(reflect(net.connect(webPort, '127.0.0.1'), 'localhost', 'shop.v1.Shop'), {
    message: /Protocol error/,
  })

  web.close()
  await t.rejects(reflect(net.connect(webPort, '127.0.0.1'), 'localhost', 'shop.v1.Shop'), { message: /ECONNREFUSED/ })
})

t.test('a message of unknown type is guessed', async (t) => {
  const { order } = payloads(GrpcTypes.fromFiles([SHOP_PROTO]))
  t.same(JSON.parse(guessMessage(order)!), {
    1: ORDER.item,
    2: 3,
    3: { 1: 'EUR', 2: 499 },
    4: { 1: 'gift', 2: 'yes' },
    5: 'hex:ff00',
    6: 1,
  })
  t.equal(guessMessage(Buffer.alloc(0)), '{}')
  const repeated = Buffer.from([8, 1, 8, 2, 8, 3])
  t.same(JSON.parse(guessMessage(repeated)!), { 1: [1, 2, 3] })
  for (const [name, hex] of [
    ['a group', '0b'],
    ['broken off', '0aff'],
    ['field 0', '0001'],
    ['a varint without end', `08${'ff'.repeat(11)}`],
  ] as const) {
    t.equal(guessMessage(Buffer.from(hex, 'hex')), null, name)
  }
  const deep = Array.from({ length: 100 }).reduce<Buffer>(
    (inner) => Buffer.concat([Buffer.from([0x0a, ...varint(inner.length)]), inner]),
    Buffer.from([8, 0xff, 1]),
  )
  t.match(guessMessage(deep), /hex:/, 'a hundred messages in each other')
})

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]
}
