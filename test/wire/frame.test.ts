import t from 'tap'
import {
  FLAG_ACK,
  FLAG_FIN,
  FLAG_SYN,
  TYPE_DATA,
  TYPE_GO_AWAY,
  TYPE_PING,
  TYPE_WINDOW_UPDATE,
  writeHeader,
} from '../../src/wire/frame.js'

const golden: [string, number, number, number, number, string][] = [
  ['data with SYN on stream 1', TYPE_DATA, FLAG_SYN, 1, 5, '000000010000000100000005'],
  ['window update with ACK and FIN', TYPE_WINDOW_UPDATE, FLAG_ACK | FLAG_FIN, 2, 262_144, '000100060000000200040000'],
  ['ping', TYPE_PING, FLAG_SYN, 0, 0xdeadbeef, '0002000100000000deadbeef'],
  ['go away, internal error', TYPE_GO_AWAY, 0, 0, 2, '000300000000000000000002'],
  ['the largest id and length', TYPE_DATA, 0, 0xffffffff, 0xffffffff, '00000000ffffffffffffffff'],
]

for (const [name, type, flags, id, length, hex] of golden) {
  t.test(`header: ${name}`, async (t) => {
    const bytes = Buffer.alloc(14, 0xee)
    writeHeader(bytes, 1, type, flags, id, length)
    t.equal(bytes.toString('hex'), `ee${hex}ee`)
  })
}
