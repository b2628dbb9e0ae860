import t from 'tap'
import { HpackDecoder, HpackError } from '../../src/http2/index.js'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

const MOST = 64 * 1024
const read = (decoder: HpackDecoder, block: string) => decoder.decode(hex(block), 0, hex(block).length, MOST)

t.test('the examples of RFC 7541, Appendix C', async (t) => {
  const cases: { name: string; size?: number; blocks: [hex: string, fields: string[]][] }[] = [
    {
      name: 'C.2.1 literal with indexing',
      blocks: [['400a637573746f6d2d6b65790d637573746f6d2d686561646572', ['custom-key: custom-header']]],
    },
    { name: 'C.2.2 literal without indexing', blocks: [['040c2f73616d706c652f70617468', [':path: /sample/path']]] },
    { name: 'C.2.3 literal never indexed', blocks: [['100870617373776f726406736563726574', ['password: secret']]] },
    {
      name: 'C.3 requests without Huffman',
      blocks: [
        [
          '828684410f7777772e6578616d706c652e636f6d',
          [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
        ],
        [
          '828684be58086e6f2d6361636865',
          [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
        ],
        [
          '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
          [
            ':method: GET',
            ':scheme: https',
            ':path: /index.html',
            ':authority: www.example.com',
            'custom-key: custom-value',
          ],
        ],
      ],
    },
    {
      name: 'C.4 requests with Huffman',
      blocks: [
        [
          '828684418cf1e3c2e5f23a6ba0ab90f4ff',
          [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
        ],
        [
          '828684be5886a8eb10649cbf',
          [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
        ],
        [
          '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
          [
            ':method: GET',
            ':scheme: https',
            ':path: /index.html',
            ':authority: www.example.com',
            'custom-key: custom-value',
          ],
        ],
      ],
    },
    {
      name: 'C.6 answers with Huffman and a table of 256 bytes',
      blocks: [
        [
          '3fe101 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
          [
            ':status: 302',
            'cache-control: private',
            'date: Mon, 21 Oct 2013 20:13:21 GMT',
            'location: https://www.example.com',
          ],
        ],
        [
          '4883640effc1c0bf',
          [
            ':status: 307',
            'cache-control: private',
            'date: Mon, 21 Oct 2013 20:13:21 GMT',
            'location: https://www.example.com',
          ],
        ],
        [
          '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
          [
            ':status: 200',
            'cache-control: private',
            'date: Mon, 21 Oct 2013 20:13:22 GMT',
            'location: https://www.example.com',
            'content-encoding: gzip',
            'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
          ],
        ],
      ],
    },
  ]
  for (const { name, blocks } of cases) {
    const decoder = new HpackDecoder()
    blocks.forEach(([block, fields], index) =>
      t.same(
        read(decoder, block)?.map(([field, value]) => `${field}: ${value}`),
        fields,
        `${name}, block ${index + 1}`,
      ),
    )
  }
})

t.test('what is no field block is refused with what is wrong', async (t) => {
  const cases: [name: string, hex: string, message: RegExp][] = [
    ['index 0', '80', /index 0/],
    ['an index beyond both tables', 'be', /index 62/],
    ['a string longer than its block', '400a6375', /longer than its block/],
    ['an integer without end', 'ffffffffffffff', /too large/],
    ['an integer that is broken off', 'ff', /ends too soon/],
    ['a name without value', '4001', /longer than its block|ends too soon/],
    ['a Huffman string with 8 bits of padding', '400161 82 1fff', /Huffman/],
    ['a Huffman string padded with zeros', '400161 81 18', /Huffman/],
    ['a Huffman string with the end in it', '400161 84 ffffffff', /Huffman/],
    ['a larger table than was allowed', '3fe21f', /4097/],
  ]
  for (const [name, block, message] of cases) {
    const error = t.throws(() => read(new HpackDecoder(), block), name) as HpackError
    t.type(error, HpackError, name)
    t.match(error.message, message, name)
  }
})

t.test('a larger table that was allowed is taken, a smaller one forgets', async (t) => {
  const decoder = new HpackDecoder()
  decoder.allow(8192)
  t.same(read(decoder, '3fe13f 4001610162'), [['a', 'b']])
  t.same(read(decoder, 'be'), [['a', 'b']])
  read(decoder, '20')
  t.throws(() => read(decoder, 'be'), /index 62/)
})

t.test('the size of the table changes in front of all fields only', async (t) => {
  t.throws(() => read(new HpackDecoder(), '82 20'), /behind a field/)
})

t.test('of a block that unfolds beyond its bound nothing is kept, and the next one can be read', async (t) => {
  const decoder = new HpackDecoder()
  const value = 'x'.repeat(3000)
  const block = Buffer.concat([hex('400161 7fb916'), Buffer.from(value)])
  t.same(decoder.decode(block, 0, block.length, MOST), [['a', value]])
  const bomb = Buffer.concat([Buffer.alloc(1000, 0xbe), hex('4001620163')])
  t.equal(decoder.decode(bomb, 0, bomb.length, MOST), null)
  t.same(read(decoder, 'be'), [['b', 'c']], 'what came behind the bound is in the table')
})
