import type { ServerResponse } from 'node:http'
import t from 'tap'
import { within } from '../../support/hang.js'
import { call2, HttpTunnels, upstream, type Answer } from '../../support/http-tunnel.js'

const HOST = 'shop.localhost'
const says = (word: string) => (_: unknown, response: ServerResponse) => response.end(word)

t.test('several agents: round robin by weight, and a visitor who stays', async (t) => {
  const [a, b] = [await upstream(t, says('a')), await upstream(t, says('b'))]
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({
    name: 'a',
    upstream: a.port,
    subdomain: 'shop',
    http: { pool: 'round-robin', weight: 2, sticky: true },
  })
  await tunnels.agent({ name: 'b', upstream: b.port, subdomain: 'shop', http: { pool: 'round-robin', sticky: true } })
  const session = tunnels.http2(HOST)
  const answers: Answer[] = []
  for (let i = 0; i < 6; i++) answers.push(await call2(session, '/'))
  t.equal(answers.filter(({ body }) => body === 'a').length, 4)
  for (const { body, headers } of answers.slice(0, 3)) {
    const [cookie = ''] = headers['set-cookie'] ?? []
    t.match(cookie, /^uniroute_agent=[0-9a-f]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
    const headersAgain = { cookie: `x=y; ${cookie.split(';')[0]}` }
    for (let i = 0; i < 3; i++) {
      const again = await call2(session, '/', { headers: headersAgain })
      t.equal(again.body, body)
      t.equal(again.headers['set-cookie'], undefined)
    }
  }
})

t.test('an agent that is killed under load: the other one serves, and no GET fails', async (t) => {
  const [a, b] = [await upstream(t, says('a')), await upstream(t, says('b'))]
  const tunnels = await HttpTunnels.start(t)
  const pool = { subdomain: 'shop', http: { pool: 'least-connections' } } as const
  const first = await tunnels.agent({ name: 'a', upstream: a.port, ...pool })
  await tunnels.agent({ name: 'b', upstream: b.port, ...pool })
  const session = tunnels.http2(HOST)
  const calls: Promise<Answer>[] = []
  for (let i = 0; i < 300; i++) {
    calls.push(call2(session, '/'))
    if (i === 100) first.kill()
    if (i % 20 === 0) await new Promise(setImmediate)
  }
  const answers = await within('all answers', Promise.all(calls))
  t.same(
    answers.filter(({ status }) => status !== 200),
    [],
  )
  t.equal((await call2(session, '/')).body, 'b')
})

t.test('an agent whose upstream refuses is left out', async (t) => {
  const [a, b] = [await upstream(t, says('a')), await upstream(t, says('b'))]
  const tunnels = await HttpTunnels.start(t)
  const pool = { subdomain: 'shop', http: { pool: 'round-robin' } } as const
  await tunnels.agent({ name: 'a', upstream: a.port, ...pool })
  await tunnels.agent({ name: 'b', upstream: b.port, ...pool })
  a.server.closeAllConnections()
  await new Promise((resolve) => a.server.close(resolve))
  const session = tunnels.http2(HOST)
  for (let i = 0; i < 8; i++) t.equal((await call2(session, '/')).body, 'b')
})

t.test('without --pool the newest agent of a token has the name', async (t) => {
  const [a, b] = [await upstream(t, says('a')), await upstream(t, says('b'))]
  const tunnels = await HttpTunnels.start(t)
  const first = await tunnels.agent({ name: 'a', upstream: a.port, subdomain: 'shop' })
  const refused = new Promise((resolve) => first.once('refused', (_, error) => resolve(error)))
  first.once('close', () => undefined)
  await tunnels.agent({ name: 'b', upstream: b.port, subdomain: 'shop' })
  t.match(await within('the news', refused), { code: 'UR_TAKEN_OVER' })
  t.equal((await call2(tunnels.http2(HOST), '/')).body, 'b')
})
