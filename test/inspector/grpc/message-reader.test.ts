import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { GrpcMessageReader, type GrpcFrame } from '../../../src/inspector/grpc/message-reader.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function message(payload: Buffer): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(payload.length, 1)
  return Buffer.concat([prefix, payload])
}

t.test('a message that comes byte by byte is the same, and takes not many times the memory of its bytes', async (t) => {
  const payload = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i & 0xff))
  const frames: GrpcFrame[] = []
  const reader = new GrpcMessageReader(1_000_000, (frame) => frames.push(frame))
  const bytes = message(payload)
  collectGarbage()
  const before = process.memoryUsage()
  for (let i = 0; i < bytes.length - 1; i++) reader.push(bytes.subarray(i, i + 1))
  collectGarbage()
  const after = process.memoryUsage()
  const taken = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  t.ok(taken < 10_000_000, `${taken} bytes`)
  reader.push(bytes.subarray(-1))
  t.equal(frames.length, 1)
  t.ok(frames[0]?.payload.equals(payload))
})
