import type { ServerResponse } from 'node:http'
import t from 'tap'
import { within } from '../../support/hang.js'
import { HttpTunnels, upstream } from '../../support/http-tunnel.js'

const HOST = 'shop.localhost'

t.test('a GET whose only agent is lost for good waits for the next one', async (t) => {
  const asked: ServerResponse[] = []
  let onAsked = () => {}
  const { port } = await upstream(t, (_request, response) => {
    asked.push(response)
    onAsked()
  })
  // Sessions end with their last connection, and their streams are told first.
  const tunnels = await HttpTunnels.start(t, { resume_timeout: '0s' })
  const tunnel = { name: 'web', upstream: port, subdomain: 'shop', holdMs: 30_000 }
  const agent = await tunnels.agent(tunnel)
  const first = new Promise<void>((resolve) => (onAsked = resolve))
  const answer = tunnels.call(HOST, '/')
  await within('the request', first)
  const second = new Promise<void>((resolve) => (onAsked = resolve))
  agent.kill()
  await tunnels.agent(tunnel)
  await within('the request again', Promise.race([second, answer]))
  asked[1]?.end('ok')
  t.match(await answer, { status: 200, body: 'ok' })
})
