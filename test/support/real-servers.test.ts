import path from 'node:path'
import t from 'tap'
import { Authority } from './certificates.js'
import { program } from './places.js'
import { Postgres } from './postgres.js'
import { must, run } from './processes.js'
import { exchange, startUpstream } from './pumps.js'
import { startLoadBalancer, startNginx, startRedis } from './real-servers.js'

t.test('PostgreSQL answers a query', async (t) => {
  const { port, bin } = await Postgres.start(t)
  const args = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-Atc', 'select 6 * 7']
  t.equal((await must(path.join(bin, 'psql'), args)).out, '42')
})

t.test('Redis keeps a value', async (t) => {
  const { port } = await startRedis(t)
  const { answer } = await exchange(port, 'SET a 1\r\nGET a\r\nQUIT\r\n')
  t.equal(answer.toString(), '+OK\r\n$1\r\n1\r\n+OK\r\n')
})

t.test('nginx serves with a certificate that only its own authority vouches for', async (t) => {
  const authority = await Authority.create(t, 'test authority')
  const other = await Authority.create(t, 'another authority')
  const { cert, key } = await authority.issue(['db.example.test'])
  const server = `server { listen 127.0.0.1:$PORT ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};
    location / { return 200 "hello"; } }`
  const { port } = await startNginx(t, server)
  const curl = await program('curl', 'curl')
  const url = `https://db.example.test:${port}/`
  const get = (ca: string) =>
    run(curl, ['-sS', '--noproxy', '*', '--resolve', `db.example.test:${port}:127.0.0.1`, '--cacert', ca, url])
  t.match(await get(authority.ca), { code: 0, out: 'hello' })
  t.match(await get(other.ca), { code: 60 })
})

for (const version of [1, 2] as const) {
  t.test(`the load balancer sends a PROXY header of version ${version}`, async (t) => {
    const inner = await startUpstream(t, (socket) => {
      socket.once('data', (chunk) => socket.end(chunk))
    })
    const outer = await startLoadBalancer(t, inner.port, version)
    const { answer } = await exchange(outer.port, 'x')
    if (version === 1) t.match(answer.toString(), /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\n/)
    else t.equal(answer.subarray(0, 12).toString('latin1'), '\r\n\r\n\0\r\nQUIT\n')
  })
}

t.test('a missing program is named with its package', async (t) => {
  await t.rejects(
    program('no-such-program', 'some-package'),
    /no-such-program is missing.*apt-get install some-package/,
  )
  await t.rejects(must('sh', ['-c', 'echo out; echo err >&2; exit 3']), /ended with 3\nout\nerr/)
})

t.test('a certificate can be made that has expired', async (t) => {
  const authority = await Authority.create(t, 'test authority')
  const { cert } = await authority.issue(['127.0.0.1'], 0)
  const later = String(Math.floor(Date.now() / 1000) + 60)
  t.match(await run('openssl', ['verify', '-attime', later, '-CAfile', authority.ca, cert]), {
    code: 2,
    err: /expired/,
  })
})
