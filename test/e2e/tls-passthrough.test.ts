import t from 'tap'
import { Authority } from '../support/certificates.js'
import { program } from '../support/places.js'
import { run } from '../support/processes.js'
import { Agent, runAgent, Server } from '../support/product.js'
import { startNginx } from '../support/real-servers.js'

t.test('nginx behind `uniroute tls`: the visitor verifies the certificate of nginx, not ours', async (t) => {
  const authority = await Authority.create(t, 'authority of nginx')
  const { cert, key } = await authority.issue(['db.example.test'])
  const nginx = await startNginx(
    t,
    `server { listen 127.0.0.1:$PORT ssl http2; ssl_certificate ${cert}; ssl_certificate_key ${key};
      location / { return 200 "hello $ssl_server_name over $server_protocol"; } }`,
  )
  const server = await Server.start(t)
  const agent = await Agent.start(t, server, ['tls', String(nginx.port), '--domain', 'db.example.test'])
  t.equal(agent.tunnels[0]?.public_url, `tls://db.example.test:${server.port}`)

  const curl = await program('curl', 'curl')
  const get = (name: string, ca: string) => {
    const where = ['--resolve', `${name}:${server.port}:127.0.0.1`, `https://${name}:${server.port}/`]
    return run(curl, [
      '-sS',
      '--noproxy',
      '*',
      '--max-time',
      '10',
      '--cacert',
      ca,
      '-w',
      '|%{ssl_verify_result}',
      ...where,
    ])
  }
  t.match(await get('db.example.test', authority.ca), { code: 0, out: 'hello db.example.test over HTTP/2.0|0' })
  t.match(await get('db.example.test', server.authority.ca), { code: 60 }, 'our own authority did not sign it')

  const unknown = await get('other.example.test', authority.ca)
  t.equal(unknown.code, 35)
  t.match(unknown.err, /unrecognized name|alert/i, 'an unknown name gets a TLS alert, no certificate')
})

t.test('a name belongs to the token that holds it', async (t) => {
  const server = await Server.start(t)
  const owner = await server.createToken('owner')
  const first = await Agent.start(t, server, ['tls', '9', '--domain', 'db.example.test'], { token: owner })

  const stranger = await runAgent(t, server, ['tls', '9', '--domain', 'DB.example.test'])
  t.equal(stranger.code, 3)
  t.match(stranger.err, /db\.example\.test.*UR_NAME_TAKEN/is)

  await Agent.start(t, server, ['tls', '9', '--domain', 'db.example.test'], { token: owner })
  t.match(await first.exit, { code: 3 }, 'the owner takes it over')
  t.match(first.process.err.join('\n'), /UR_TAKEN_OVER/)
})
