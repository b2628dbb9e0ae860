import fc from 'fast-check'
import t from 'tap'
import { decodeMessage, DelimitedReader, encodeDelimited, MAX_MESSAGE_BYTES } from '../../src/protocol/delimited.js'
import { Control } from '../../src/protocol/messages.js'

const notice = (text: string) => ({ notice: { text } })

function readAll(reader: DelimitedReader): string[] {
  const texts: string[] = []
  for (let body = reader.next(); body !== null; body = reader.next()) {
    texts.push(decodeMessage(Control, body).notice?.text ?? '?')
  }
  return texts
}

t.test('messages survive any way of cutting the bytes', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 300 }), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 40 }),
      (texts, cuts) => {
        const bytes = Buffer.concat(texts.map((text) => encodeDelimited(Control, notice(text))))
        const reader = new DelimitedReader('Control')
        const read: string[] = []
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = cuts[i % cuts.length] as number
          const chunk = Buffer.from(bytes.subarray(at, at + size))
          reader.push(chunk)
          read.push(...readAll(reader))
          chunk.fill(0xff)
          at += size
        }
        return reader.buffered === 0 && JSON.stringify(read) === JSON.stringify(texts)
      },
    ),
    { numRuns: 300 },
  )
})

t.test('a message within one chunk is not copied, nor is the rest', async (t) => {
  const bytes = Buffer.concat([encodeDelimited(Control, notice('a')), Buffer.from('rest')])
  const reader = new DelimitedReader('Control')
  reader.push(bytes)
  const body = reader.next()
  t.equal(body?.buffer, bytes.buffer)
  const rest = reader.takeRest()
  t.equal(rest.toString(), 'rest')
  t.equal(rest.buffer, bytes.buffer)
  t.equal(reader.buffered, 0)
})

t.test('a message may have 64 KiB and not a byte more', async (t) => {
  const overhead = encodeDelimited(Control, notice('x'.repeat(60000))).length - 3 - 60000
  const largest = notice('x'.repeat(MAX_MESSAGE_BYTES - overhead))
  const bytes = encodeDelimited(Control, largest)
  t.equal(bytes.length, MAX_MESSAGE_BYTES + 3)
  const reader = new DelimitedReader('Control')
  for (let i = 0; i < bytes.length; i++) {
    reader.push(bytes.subarray(i, i + 1))
    if (i < bytes.length - 1 && reader.next() !== null) t.fail(`a message after ${i + 1} bytes`)
  }
  t.equal(reader.next()?.length, MAX_MESSAGE_BYTES)
  t.throws(() => encodeDelimited(Control, notice('x'.repeat(MAX_MESSAGE_BYTES - overhead + 1))), {
    code: 'UR_PROTOCOL_TOO_LARGE',
  })
  const tooLarge = new DelimitedReader('Control')
  tooLarge.push(Buffer.from([0x81, 0x80, 0x04]))
  t.throws(() => tooLarge.next(), { code: 'UR_PROTOCOL_TOO_LARGE' }, 'refused on its length, before its bytes came')
})

t.test('a length that is no short varint is refused', async (t) => {
  const reader = new DelimitedReader('Control')
  reader.push(Buffer.from([0x80, 0x80, 0x80, 0x00]))
  t.throws(() => reader.next(), { code: 'UR_PROTOCOL_MESSAGE' })
})

t.test('bytes that are no message are refused with what was read', async (t) => {
  t.throws(() => decodeMessage(Control, Buffer.from([0x0a, 0x7f, 1])), {
    code: 'UR_PROTOCOL_MESSAGE',
    message: /Control message of 3 bytes/,
  })
})

t.test('random bytes are messages or UR_PROTOCOL_ errors, never anything else', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const reader = new DelimitedReader('Control')
      reader.push(Buffer.from(bytes))
      try {
        readAll(reader)
      } catch (error) {
        return String((error as { code?: string }).code).startsWith('UR_PROTOCOL_')
      }
      return true
    }),
    { numRuns: 2000 },
  )
})
