import { text } from 'node:stream/consumers'
import t from 'tap'
import { ByteBudget, PasswordQueue } from '../../../src/access/visitor-rules/index.js'
import { DEFAULT_HTTP_LIMITS, HttpProxy } from '../../../src/proxy/http/index.js'
import { RecordedLog } from '../../support/log.js'
import { socketPair } from '../../support/wire-pair.js'

const MESSAGE = 'a request failed by a defect of ours'

t.test('a defect of ours is answered 500 without a word of it, and told in the log once a second', async (t) => {
  const log = new RecordedLog()
  const defect = new TypeError('nothing of this is for strangers')
  const proxy = new HttpProxy({
    table: {
      findHost: () => {
        throw defect
      },
    },
    clock: { now: () => 0 },
    log,
    limits: () => DEFAULT_HTTP_LIMITS,
    rules: {
      clock: { now: () => 0 },
      now: () => 0,
      passwords: new PasswordQueue(),
      webhookBudget: new ByteBudget(0),
    },
    isTrustedProxy: () => false,
    httpsUrl: (host) => `https://${host}`,
    onRequest: () => undefined,
    onMalformed: () => undefined,
  })
  const [visitor, socket] = await socketPair()
  proxy.takePlain(socket, { visitor: { address: '192.0.2.1', port: 1, serverAddress: '192.0.2.2', serverPort: 80 } })
  visitor.end(
    'GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\nGET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n',
  )
  const answers = await text(visitor)
  t.equal(answers.match(/^HTTP\/1\.1 500 /gm)?.length, 2, answers)
  t.notMatch(answers, 'strangers')
  const [line, ...others] = log.with(MESSAGE)
  t.same(others, [])
  t.equal(line?.level, 'error')
  t.equal(line?.fields['code'], 'UR_INTERNAL')
  t.equal(line?.fields['error'], defect)
  proxy.close()
})
