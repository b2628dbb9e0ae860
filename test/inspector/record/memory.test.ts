import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { Http1Reader } from '../../../src/inspector/http1/reader.js'
import { play, type Played } from '../support.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const SECRET_BYTES = 100_000
const REQUESTS = 200
const secret = 's'.repeat(SECRET_BYTES)
const plain = 'User-Agent: one that is longer than a few characters\r\nX-Request-Id: 0123456789abcdef\r\n'

const REQUESTS_WITH_SECRETS: Readonly<Record<string, string>> = {
  field: `GET /a/target/that/is/long HTTP/1.1\r\nHost: shop.example.com\r\n${plain}Cookie: a=${secret}\r\n\r\n`,
  target: `GET /a/target/that/is/long?token=${secret} HTTP/1.1\r\nHost: shop.example.com\r\n${plain}\r\n`,
}
const ANSWERS: Readonly<Record<string, string>> = {
  plain: 'HTTP/1.1 204 No Content\r\n\r\n',
  secret: `HTTP/1.1 500 A reason that is longer than a few\r\nSet-Cookie: a=${secret}\r\nContent-Length: 0\r\n\r\n`,
}

for (const [where, request] of Object.entries(REQUESTS_WITH_SECRETS)) {
  for (const [kind, answer] of Object.entries(ANSWERS)) {
    t.test(`heads are not held for what is kept of them: a secret ${where}, a ${kind} answer`, async (t) => {
      collectGarbage()
      const before = process.memoryUsage().heapUsed
      const played: Played[] = []
      for (let i = 0; i < REQUESTS; i++) {
        played.push(
          play(
            (sink) => new Http1Reader(sink),
            [
              ['>', request],
              ['<', answer],
            ],
          ),
        )
      }
      collectGarbage()
      const taken = process.memoryUsage().heapUsed - before
      t.ok(taken < (REQUESTS * SECRET_BYTES) / 4, `${taken} bytes`)
      t.equal(played.length, REQUESTS)
      t.ok(played.every(({ exchanges }) => exchanges.length === 1))
    })
  }
}
