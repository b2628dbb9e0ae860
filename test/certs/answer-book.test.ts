import t from 'tap'
import { AnswerBook, type Challenge, type ChallengeStore } from '../../src/certs/index.js'
import { silentLogger } from '../../src/core/logger.js'
import { RecordedLog } from '../support/log.js'

const never = () => new AbortController().signal
const challenge = (type: Challenge['type'], name = 'a.example.com', token = 'tok'): Challenge => ({
  type,
  name,
  token,
  keyAuthorization: `${token}.key`,
})

/** What nodes share. */
class Shared implements ChallengeStore {
  readonly all: Challenge[] = []
  asked = 0
  fails = false

  async put(challenge: Challenge): Promise<void> {
    this.all.push(challenge)
  }

  async remove({ token }: Challenge): Promise<void> {
    if (this.fails) throw new Error('away')
    this.all.splice(
      this.all.findIndex((each) => each.token === token),
      1,
    )
  }

  async find(type: string, name: string, token: string | null): Promise<Challenge | null> {
    this.asked++
    if (this.fails) throw new Error('away')
    return (
      this.all.find((each) => each.type === type && each.name === name && (token ?? each.token) === each.token) ?? null
    )
  }
}

t.test('what is shown is answered until it is taken away, or for an hour', async (t) => {
  let time = Date.now()
  const book = new AnswerBook({
    kinds: ['tls-alpn-01', 'http-01'],
    store: null,
    log: silentLogger,
    now: () => new Date(time),
  })
  t.same(book.kindsFor('a.example.com'), ['tls-alpn-01', 'http-01'])
  t.same(book.kindsFor('*.example.com'), [])
  await book.show(challenge('http-01'), never())
  await book.show(challenge('tls-alpn-01'), never())
  t.equal(await book.httpAnswer('A.example.com.', 'tok'), 'tok.key')
  t.equal(await book.httpAnswer('b.example.com', 'tok'), null)
  t.equal(await book.httpAnswer('a.example.com', 'other'), null)
  t.equal(await book.httpAnswer('not a host', 'tok'), null)
  const context = await book.tlsAlpnContext('a.example.com')
  t.ok(context)
  t.equal(await book.tlsAlpnContext('a.example.com'), context, 'made once')
  t.equal(await book.tlsAlpnContext('b.example.com'), null)
  await book.remove(challenge('tls-alpn-01'))
  t.equal(await book.tlsAlpnContext('a.example.com'), null)
  time += 3_600_001
  t.equal(await book.httpAnswer('a.example.com', 'tok'), null)
  await book.show(challenge('http-01', 'c.example.com'), never())
  t.equal(book.size, 1, 'what is old is forgotten')
})

t.test('as many are kept as may be: the oldest go', async (t) => {
  const book = new AnswerBook({ kinds: ['http-01'], store: null, log: silentLogger })
  for (let i = 0; i < 1010; i++) await book.show(challenge('http-01', 'a.example.com', `t${i}`), never())
  t.equal(book.size, 1000)
  t.equal(await book.httpAnswer('a.example.com', 't9'), null)
  t.equal(await book.httpAnswer('a.example.com', 't1009'), 't1009.key')
})

t.test('another node answers what this one shows, and no longer than that', async (t) => {
  const store = new Shared()
  const log = new RecordedLog()
  const [one, two] = [0, 1].map(() => new AnswerBook({ kinds: ['http-01', 'tls-alpn-01'], store, log }))
  await one!.show(challenge('http-01'), never())
  await one!.show(challenge('tls-alpn-01', 'b.example.com', 'tok2'), never())
  t.equal(await two!.httpAnswer('a.example.com', 'tok'), 'tok.key')
  const context = await two!.tlsAlpnContext('b.example.com')
  t.ok(context)
  t.equal(await two!.tlsAlpnContext('b.example.com'), context, 'it is made once')
  const asked = store.asked
  await one!.httpAnswer('a.example.com', 'tok')
  t.equal(await two!.httpAnswer('a.example.com', '../tok'), null)
  t.equal(store.asked, asked, 'neither what is known nor what is no token is asked for')
  store.fails = true
  t.equal(await two!.httpAnswer('a.example.com', 'tok'), null)
  await one!.remove(challenge('http-01'))
  t.equal(log.lines.length, 2)
  store.fails = false
  await one!.remove(challenge('http-01'))
  t.equal(await two!.httpAnswer('a.example.com', 'tok'), null)
})

t.test('strangers who ask for tokens do not pile up questions to the other nodes', async (t) => {
  const store = new Shared()
  const answers: (() => void)[] = []
  store.find = () => {
    store.asked++
    return new Promise((resolve) => answers.push(() => resolve(null)))
  }
  const book = new AnswerBook({ kinds: ['http-01'], store, log: silentLogger })
  const asking = Array.from({ length: 100 }, (_, i) => book.httpAnswer('a.example.com', `t${i}`))
  t.equal(store.asked, 32)
  for (const answer of answers) answer()
  t.same(new Set(await Promise.all(asking)), new Set([null]))
})
