import { TsigKey } from '../../../src/certs/dns/tsig.js'
import { CertificateError } from '../../../src/core/errors.js'
import { CLASS, decodeMessage, DnsFormatError, encodeMessage, OPCODE, TYPE } from '../../../src/dns/index.js'
import { type FuzzTarget, mustEqual, surroundedBy } from '../fuzz.js'

const key = new TsigKey({ name: 'key.example', secret: 'c2VjcmV0', algorithm: 'hmac-sha256' })
const now = new Date(1_700_000_000_000)

/** An answer as servers write it: names are compressed, every type that we read is there. */
export const ANSWER = Buffer.concat([
  Buffer.from('1234 8500 0001 0006 0001 0000'.replaceAll(' ', ''), 'hex'),
  Buffer.from('\x03www\x07Example\x03org\0\0\x01\0\x01', 'latin1'),
  Buffer.from('\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01', 'latin1'),
  Buffer.from(`c00c001c00010000003c0010${'20010db8000000000000000000000001'}`, 'hex'),
  Buffer.from('\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x08\x05other\xc0\x10', 'latin1'),
  Buffer.from('\xc0\x10\0\x02\0\x01\0\0\0\x3c\0\x05\x02ns\xc0\x10', 'latin1'),
  Buffer.from('\xc0\x0c\0\x10\0\x01\0\0\0\x3c\0\x08\x03abc\x03def', 'latin1'),
  Buffer.from('\xc0\x0c\0\x63\0\x01\0\0\0\x3c\0\x01?', 'latin1'),
  Buffer.from('\xc0\x10\0\x06\0\x01\0\0\0\x3c\0\x18', 'latin1'),
  Buffer.from('\xc0\x0c\xc0\x10'.padEnd(24, '\0'), 'latin1'),
])

const QUESTION = encodeMessage({
  id: 7,
  opcode: OPCODE.UPDATE,
  questions: [{ name: 'example.org', type: TYPE.SOA, class: CLASS.IN }],
})

/** The reader of DNS messages, and the verification of signatures on what it reads. */
export const dnsMessageTarget: FuzzTarget = {
  name: 'DNS messages',
  corpus: [ANSWER, QUESTION, key.sign(QUESTION, now).bytes, key.sign(ANSWER, now).bytes],
  mustReach: ['read', 'no message'],
  run(input) {
    try {
      const message = decodeMessage(input)
      for (const filler of [0x00, 0xff]) {
        mustEqual(decodeMessage(surroundedBy(filler, input)), message, 'the bytes around a message do not matter')
      }
      const records = [...message.answers, ...message.authority, ...message.additional]
      if (records.length > input.length / 11) throw new Error(`${records.length} records in ${input.length} bytes`)
      try {
        key.verify(input, message, Buffer.alloc(32), now, 'the server')
      } catch (error) {
        if (!(error instanceof CertificateError)) throw error
      }
      return 'read'
    } catch (error) {
      if (error instanceof DnsFormatError) return 'no message'
      throw error
    }
  },
}
