import { chmod } from 'node:fs/promises'
import t from 'tap'
import { ensureBuilt } from '../support/build.js'
import { Knot } from '../support/knot.js'
import { freePort, temporaryFolder } from '../support/places.js'
import { run } from '../support/processes.js'
import { BIN, Server } from '../support/product.js'

t.before(() => ensureBuilt())

t.test('doctor says what is wrong, and what to set', async (t) => {
  const knot = await Knot.start(t, { 'example.com': 'tunnels A 127.0.0.1\n*.tunnels A 192.0.2.66' })
  const server = await Server.start(t)
  const pair = await server.authority.issue(['localhost'])
  await chmod(pair.key, 0o644)
  await server.reconfigure({
    domain: 'tunnels.example.com',
    dns: { resolvers: [`127.0.0.1:${knot.port}`] },
    node: { advertise: '127.0.0.1:443' },
    certs: { mode: 'files', files: [pair] },
  })
  const bad = await server.uniroutd('doctor', '--json')
  t.equal(bad.code, 1)
  t.match(bad.err, /2 of 4 things are not as they should be \(UR_DOCTOR_PROBLEMS\)/)
  t.strictSame(
    bad.out.split('\n').map((line) => JSON.parse(line) as unknown),
    [
      { what: 'addresses of tunnels.example.com', problem: null, advice: null },
      {
        what: 'addresses of *.tunnels.example.com',
        problem: 'it leads to 192.0.2.66, and not to this machine',
        advice: 'set in DNS: *.tunnels.example.com A 127.0.0.1',
      },
      { what: `port ${server.port}`, problem: null, advice: null },
      {
        what: `key file ${pair.key}`,
        problem: 'others may read or write it (mode 0644)',
        advice: `run: chmod 600 ${pair.key}`,
      },
    ],
  )
  const text = await server.uniroutd('doctor')
  t.match(text, { code: 1, out: /^problem +addresses of \*\.\S+: it leads to .*\n +set in DNS: \*\.tunnels/m })

  await knot.change('example.com', 'tunnels A 127.0.0.1\n*.tunnels CNAME tunnels')
  await chmod(pair.key, 0o600)
  const good = await server.uniroutd('doctor')
  t.match(good, { code: 0, out: /^(ok .*\n?){4}$/, err: '' })
})

t.test('doctor without a configuration looks at the names that are given, and says what it left out', async (t) => {
  const cwd = await temporaryFolder(t)
  const doctor = (...args: string[]) => run(process.execPath, [BIN.uniroutd, 'doctor', ...args], { cwd })
  const nothing = await doctor()
  t.match(nothing, { code: 2, err: /uniroutd\.yml: there is no such file; .*uniroutd doctor tunnels\.example\.com/ })
  const ports = ['--listen-tls', `127.0.0.1:${await freePort()}`, '--listen-http', 'off']
  const { code, out, err } = await doctor('tunnels.invalid', 'shop.invalid', '*.shop.invalid', ...ports)
  t.equal(code, 1)
  t.match(err, /5 of 5 things/)
  const names = [...out.matchAll(/addresses of (\S+):/g)].map(([, name]) => name)
  t.same(names, ['tunnels.invalid', '*.tunnels.invalid', 'shop.invalid', '*.shop.invalid'])
  t.match(out, /^left out certificates and their key files, .*: there is no \S+uniroutd\.yml; name .* --config$/m)
  const json = await doctor('--domain', 'tunnels.invalid', 'shop.invalid', '--json', ...ports)
  const lines = json.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { what?: string })
  t.match(lines.at(-1), { left_out: /certificates/, reason: /there is no/ })
  t.match(lines.map(({ what }) => what)[2], 'addresses of shop.invalid')
  t.match(await doctor('not a name'), { code: 2, err: /"not a name" is no host name/ })
  t.match(await doctor('x.invalid', '--config', 'none.yml'), { code: 2, err: /UR_CONFIG_MISSING/ })
})
