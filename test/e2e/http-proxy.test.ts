import t from 'tap'
import { startConnectProxy } from '../support/connect-proxy.js'
import { freePort } from '../support/places.js'
import { Agent, runAgent, Server } from '../support/product.js'
import { echo, startEcho } from '../support/pumps.js'

t.test('an agent behind an HTTP proxy (CONNECT)', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const args = ['tcp', String(upstream.port)]

  t.test('by https_proxy', async (t) => {
    const proxy = await startConnectProxy(t)
    const agent = await Agent.start(t, server, args, { env: { https_proxy: proxy.url } })
    await echo(agent.port())
    t.equal(proxy.requests[0], `127.0.0.1:${server.port}`)
  })

  t.test('with user and password, which are not logged', async (t) => {
    const proxy = await startConnectProxy(t, { name: 'me', password: 'proxy-password' })
    const agent = await Agent.start(t, server, args, { env: { HTTPS_PROXY: proxy.url } })
    await echo(agent.port())
    t.equal(proxy.requests.length > 0, true)
    t.notMatch(agent.process.printed, /proxy-password/)
  })

  t.test('not for what no_proxy names', async (t) => {
    const proxy = await startConnectProxy(t)
    const agent = await Agent.start(t, server, args, { env: { https_proxy: proxy.url, no_proxy: '127.0.0.1' } })
    await echo(agent.port())
    t.same(proxy.requests, [])
  })

  t.test('a proxy that wants a password, and one that is not there', async (t) => {
    const proxy = await startConnectProxy(t, { name: 'me', password: 'right' })
    const once = [...args, '--no-reconnect']
    const refused = await runAgent(t, server, once, { env: { https_proxy: proxy.url.replace('right', 'wrong') } })
    t.equal(refused.code, 4)
    t.match(refused.err, /proxy.*407/is)
    t.notMatch(refused.err, /wrong/)

    const port = await freePort()
    const gone = await runAgent(t, server, once, { env: { https_proxy: `http://127.0.0.1:${port}` } })
    t.equal(gone.code, 4)
    t.match(gone.err, new RegExp(`proxy.*127\\.0\\.0\\.1:${port}|127\\.0\\.0\\.1:${port}.*proxy`, 'is'))
  })
})
