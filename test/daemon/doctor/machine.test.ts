import { chmod, writeFile } from 'node:fs/promises'
import https from 'node:https'
import net from 'node:net'
import path from 'node:path'
import t from 'tap'
import {
  clockFinding,
  directoryFindings,
  emailFinding,
  keyFileFinding,
  portFinding,
} from '../../../src/daemon/doctor/index.js'
import { TestAuthority } from '../../certs/support.js'
import { freePort, listen, temporaryFolder } from '../../support/places.js'

t.test('the directory of an authority, and the clock by it', async (t) => {
  const authority = new TestAuthority()
  const { cert, key } = authority.issue({ names: ['localhost'] })
  const directory = { newOrder: 'https://localhost/order', meta: { caaIdentities: ['Pebble.example'] } }
  let answer: { status: number; body: string; date: Date } = { status: 200, body: '', date: new Date() }
  const server = https.createServer({ cert, key }, (_request, response) => {
    response.writeHead(answer.status, { date: answer.date.toUTCString() }).end(answer.body)
  })
  const url = `https://localhost:${await listen(server)}/dir`
  t.teardown(() => server.close())
  const ask = (given: Partial<typeof answer> = {}, bound = false, ca: string | undefined = authority.cert) => {
    answer = { status: 200, body: JSON.stringify(directory), date: new Date(), ...given }
    return directoryFindings(url, ca, bound, 5000)
  }

  t.match(await ask(), {
    answer: { caaIdentities: ['pebble.example'], needsExternalAccount: false },
    findings: [{ problem: null }, { what: 'clock of this machine', problem: null }],
  })
  t.match(await ask({ date: new Date(Date.now() + 90_000) }), {
    findings: [{}, { problem: /it is \d{2,3} s behind that of the authority/, advice: /timedatectl/ }],
  })
  t.match(await ask({ date: new Date(Date.now() - 90_000) }), { findings: [{}, { problem: /ahead of/ }] })
  t.match(await ask({ date: new Date(Date.now() - 50_000) }), { findings: [{}, { problem: null }] })
  const bound = JSON.stringify({ ...directory, meta: { externalAccountRequired: true } })
  t.match(await ask({ body: bound }), { findings: [{ problem: /bound to one at the authority/ }, {}] })
  t.match(await ask({ body: bound }, true), { findings: [{ problem: null }, {}] })
  t.match(await ask({ status: 503 }), { answer: null, findings: [{ problem: /HTTP status 503/ }] })
  t.match(await ask({ body: '{}' }), { findings: [{ problem: /is no ACME directory/ }] })
  t.match(await ask({ body: 'x'.repeat(300_000) }), { findings: [{ problem: /too long/ }] })
  t.match(await directoryFindings(url, undefined, false, 5000), {
    findings: [{ problem: /SELF_SIGNED|UNABLE_TO/, advice: /CA file/ }],
  })
  const nowhere = `https://localhost:${await freePort()}/dir`
  t.match(await directoryFindings(nowhere, undefined, false, 5000), { findings: [{ problem: /ECONNREFUSED/ }] })
  t.equal(clockFinding(null).problem, null, 'an authority that does not tell the time')
})

t.test('ports', async (t) => {
  const server = net.createServer()
  const port = await listen(server)
  t.teardown(() => server.close())
  t.match(await portFinding('127.0.0.1', port, 5000), { what: `port ${port}`, problem: null })
  const free = await freePort()
  t.match(await portFinding('127.0.0.1', free, 5000), {
    problem: `nothing answers at 127.0.0.1:${free} (ECONNREFUSED)`,
    advice: /start uniroutd/,
  })
})

t.test('e-mail addresses', async (t) => {
  for (const email of ['admin@uniroute.dev', 'a.b+c@mail.xn--bcher-kva.de'])
    t.equal(emailFinding(email).problem, null, email)
  for (const email of ['admin', 'admin@', '@uniroute.dev', 'a b@uniroute.dev', 'a@b@uniroute.dev', 'a@localhost']) {
    t.not(emailFinding(email).problem, null, email)
  }
  t.match(emailFinding('admin@mail.example.com').problem, /authorities refuse mail\.example\.com/)
  t.match(emailFinding('a@-x.dev').problem, /no domain for mail/)
})

t.test('files with keys', async (t) => {
  const file = path.join(await temporaryFolder(t), 'key.pem')
  await writeFile(file, '')
  await chmod(file, 0o640)
  t.same(await keyFileFinding(file), {
    what: `key file ${file}`,
    problem: 'others may read or write it (mode 0640)',
    advice: `run: chmod 600 ${file}`,
  })
  await chmod(file, 0o400)
  t.equal((await keyFileFinding(file)).problem, null)
  t.match(await keyFileFinding(`${file}.not`), { problem: 'it is not there' })
})
