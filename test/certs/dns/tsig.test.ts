import t from 'tap'
import { TsigKey } from '../../../src/certs/dns/tsig.js'
import { decodeMessage, encodeMessage, OPCODE, TYPE } from '../../../src/dns/index.js'

const key = new TsigKey({ name: 'key.example', secret: 'c2VjcmV0', algorithm: 'hmac-sha256' })
const now = new Date()

// The answers of a real name server are verified in the test of RFC 2136.
t.test('answers that are not signed by who has the key', async (t) => {
  const questions = [{ name: 'example.org', type: TYPE.SOA, class: 1 }]
  const message = encodeMessage({ id: 1, opcode: OPCODE.UPDATE, questions })
  const { bytes, mac } = key.sign(message, now)
  const verify = (answer: Buffer) => key.verify(answer, decodeMessage(answer), mac, now, 'ns1')

  t.throws(() => verify(message), { code: 'UR_DNS_KEY', message: /ns1 answered without a signature/ })
  const refused = Buffer.from(message)
  refused[3] = 5
  t.doesNotThrow(() => verify(refused), 'a refusal may be unsigned: whoever refuses may not know the key')
  // The very request, sent back: its signature does not cover that it answers one.
  t.throws(() => verify(bytes), { code: 'UR_DNS_KEY', message: /it may be forged/ })
  const other = new TsigKey({ name: 'other.example', secret: 'c2VjcmV0', algorithm: 'hmac-sha256' })
  t.throws(() => verify(other.sign(message, now).bytes), { code: 'UR_DNS_KEY', message: /may be forged/ })
})
