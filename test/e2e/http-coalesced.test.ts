import { randomBytes } from 'node:crypto'
import t from 'tap'
import { HttpProduct, hostOf } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'
import { call2 } from '../support/http-visitors.js'

const CALLS = 200

t.test('two tunnels on one wildcard certificate: a connection that is shared for both serves one', async (t) => {
  const product = await HttpProduct.start(t)
  const names = ['shop', 'blog'] as const
  const upstreams = await Promise.all(
    names.map((name) =>
      upstream(t, (request, response) => response.end(`${name} has ${request.headers.host} ${request.url}`)),
    ),
  )
  // Agents of one token, of which each has a process: nothing but the name tells them apart.
  for (const [at, name] of names.entries()) await product.agent(t, upstreams[at]!.port, name)

  for (const [own, other] of [names, [names[1], names[0]]] as const) {
    const session = product.http2(hostOf(own))
    const get = (name: string, path: string) => call2(session, path, { headers: { ':authority': hostOf(name) } })
    const wanted = Array.from({ length: CALLS }, () => (randomBytes(1)[0]! < 128 ? own : other))
    const answers = await Promise.all(wanted.map((name, i) => get(name, `/${i}`)))
    const got = answers.map(({ status, body, headers }) => (status === 200 ? body : headers['x-uniroute-error']))
    const right = wanted.map((name, i) => (name === own ? `${own} has ${hostOf(own)} /${i}` : 'UR_HTTP_MISDIRECTED'))
    t.same(got, right)
    t.same(new Set(answers.map(({ status }) => status)), new Set([200, 421]))
    t.notOk(answers.some(({ body }) => body.includes(`${other} has`)))
    t.equal((await product.call(hostOf(own), '/', { host: hostOf(other) })).status, 421, 'and so by HTTP/1.1')
    const again = await product.call(hostOf(other), '/')
    t.same([again.status, again.body], [200, `${other} has ${hostOf(other)} /`], 'on its own connection it is served')
  }
})
