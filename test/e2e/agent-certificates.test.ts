import { generateKeyPairSync, randomUUID, X509Certificate } from 'node:crypto'
import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { connect } from 'node:tls'
import t, { type Test } from 'tap'
import { ApiClient } from '../../src/admin/client.js'
import { adminSocket } from '../../src/admin/socket.js'
import { agentHandshake, ALPN, CAPABILITIES, PROTOCOL_VERSION } from '../../src/protocol/index.js'
import { Authority, type Pair } from '../support/certificates.js'
import { within } from '../support/hang.js'
import { program, temporaryFolder } from '../support/places.js'
import { must, run } from '../support/processes.js'
import { Agent, BIN, runAgent, Server } from '../support/product.js'
import { echo, startEcho } from '../support/pumps.js'

const shown = ({ cert, key }: Pair) => ['--agent-cert', cert, '--agent-key', key]
const NO_TOKEN = { token: '' }

interface Made extends Pair {
  readonly id: string
  readonly token_id: string
  readonly serial: string
}

async function start(t: Test) {
  const [server, upstream, folder] = await Promise.all([Server.start(t), startEcho(t), temporaryFolder(t)])
  const tcp = ['tcp', String(upstream.port)]
  const make = async (verb: 'create' | 'add', name: string, ...flags: string[]): Promise<Made> => {
    const out = await temporaryFolder(t)
    const made = await server.uniroutd('agent-cert', verb, name, '--json', '--out', out, ...flags)
    if (made.code !== 0) throw new Error(made.err)
    return JSON.parse(made.out) as Made
  }
  const client = new ApiClient(adminSocket(path.join(server.folder, 'data')) ?? '')
  /** A certificate that is good for so long only. */
  const brief = async (token: string, ms: number): Promise<Pair> => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const public_key = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const expires_at = new Date(Date.now() + ms).toISOString()
    const { certificate } = await client.createAgentCertificate({ token, public_key, expires_at })
    const out = await temporaryFolder(t)
    const pair = { cert: path.join(out, 'brief.pem'), key: path.join(out, 'brief.key') }
    await writeFile(pair.cert, certificate)
    await writeFile(pair.key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    return pair
  }
  return { server, tcp, folder, make, client, brief }
}

// Two wait until a certificate ends: the others go on meanwhile.
t.jobs = 2

t.test('certificates that are no good, each with its own answer', async (t) => {
  const { server, tcp, make, brief } = await start(t)
  const elsewhere = await Authority.create(t, 'UniRoute agents')
  const foreign = await elsewhere.issueClient('laptop')
  t.match(await runAgent(t, server, [...tcp, ...shown(foreign)], NO_TOKEN), { code: 3, err: /UR_AGENT_CERT_AUTHORITY/ })
  const made = await make('create', 'laptop')
  t.match(await runAgent(t, server, [...tcp, ...shown(foreign)], NO_TOKEN), { code: 3, err: /UR_AGENT_CERT_AUTHORITY/ })

  const token = await server.createToken('desktop')
  t.match(await runAgent(t, server, [...tcp, ...shown(made)], { token }), { code: 3, err: /UR_AGENT_CERT_TOKEN/ })
  const agreed = await make('add', 'desktop')
  await Agent.start(t, server, [...tcp, ...shown(agreed)], { token })

  const agent = await Agent.start(t, server, [...tcp, ...shown(made)], NO_TOKEN)
  const bystander = await Agent.start(
    t,
    server,
    [...tcp, ...shown(await make('add', 'laptop')), '--remote-port', String(server.ports.last)],
    NO_TOKEN,
  )
  t.match(await server.uniroutd('agent-cert', 'revoke', made.id), { code: 0, out: /is revoked/ })
  const at = performance.now()
  t.match(await agent.exit, { code: 3 })
  t.ok(performance.now() - at < 2000, 'its session ended')
  t.match(agent.process.err.at(-1), /UR_AGENT_CERT_REVOKED/)
  t.match(await runAgent(t, server, [...tcp, ...shown(made)], NO_TOKEN), { code: 3, err: /UR_AGENT_CERT_REVOKED/ })
  await echo(bystander.port())
  t.match(await server.uniroutd('agent-cert', 'revoke', 'laptop'), { code: 0, out: /is revoked/ })
  t.match(await bystander.exit, { code: 3 })
  t.match(bystander.process.err.at(-1), /UR_AGENT_CERT_REVOKED/)
  t.match(
    await server.uniroutd('agent-cert', 'create', 'laptop', '--out', await temporaryFolder(t)),
    { code: 0 },
    'the name is free',
  )
  t.match(await server.uniroutd('agent-cert', 'revoke', 'crt_nobody'), { code: 1, err: /UR_AGENT_CERT_NOT_FOUND/ })

  const short = await Agent.start(t, server, [...tcp, ...shown(await brief('desktop', 8000))], NO_TOKEN)
  t.match(await short.exit, { code: 3 })
  t.match(short.process.err.at(-1), /UR_AGENT_CERT_EXPIRED/)
})

t.test('a certificate that is exchanged before it ends: the agent goes on with the new one', async (t) => {
  const { server, tcp, make, brief } = await start(t)
  await make('create', 'laptop')
  const pair = await brief('laptop', 12_000)
  const agent = await Agent.start(t, server, [...tcp, ...shown(pair)], NO_TOKEN)
  const port = agent.port()
  const next = await make('add', 'laptop')
  await Promise.all([copyFile(next.cert, pair.cert), copyFile(next.key, pair.key)])
  const back = await agent.process.event('tunnel')
  t.match(back, { public_url: `tcp://127.0.0.1:${port}` })
  t.equal(agent.process.ending, null)
  await echo(port)
})

t.test(
  'an agent logs in with a certificate alone, on each of its connections, and is who the certificate says',
  async (t) => {
    const { server, tcp, folder, make } = await start(t)
    const created = await server.uniroutd(
      'agent-cert',
      'create',
      'laptop',
      '--out',
      folder,
      '--kind',
      'tcp',
      '--days',
      '30',
    )
    t.match(created, {
      code: 0,
      out: /The certificate crt_\w+ of "laptop", good until .*\/laptop\.pem, its key in .*\/laptop\.key/,
    })
    const pair = { cert: path.join(folder, 'laptop.pem'), key: path.join(folder, 'laptop.key') }
    for (const file of Object.values(pair)) t.equal((await stat(file)).mode & 0o777, 0o600, file)
    const leaf = new X509Certificate(await readFile(pair.cert))
    t.match(leaf.subject, /CN=laptop/)
    const days = (Date.parse(leaf.validTo) - Date.now()) / 86_400_000
    t.ok(days > 29 && days <= 30)

    const agent = await Agent.start(t, server, [...tcp, ...shown(pair), '--connections', '3'], NO_TOKEN)
    await echo(agent.port())
    t.equal(await server.metric('uniroute_carriers'), 3)
    t.match(await runAgent(t, server, ['http', '9', ...shown(pair)], NO_TOKEN), { code: 3, err: /UR_RIGHTS_KIND/ })

    const env = { UNIROUTE_AGENT_CERT: pair.cert, UNIROUTE_AGENT_KEY: pair.key }
    await agent.process.stop('SIGTERM')
    const second = await Agent.start(t, server, tcp, { ...NO_TOKEN, env })
    t.equal(second.port(), agent.port(), 'it is the same token, whose address follows from it')

    const list = await server.uniroutd('agent-cert', 'list')
    t.match(list, { code: 0, out: new RegExp(`laptop .*valid until .*default .*${leaf.serialNumber}`) })
    const tokens = JSON.parse((await server.uniroutd('token', 'list', '--json')).out) as object
    t.match(tokens, { name: 'laptop', has_secret: false, rights: { kinds: ['tcp'] } })
    t.match(await server.uniroutd('agent-cert', 'create', 'laptop', '--out', await temporaryFolder(t)), {
      code: 1,
      err: /UR_TOKEN_NAME_TAKEN/,
    })
    t.match(await server.uniroutd('agent-cert', 'create', 'laptop', '--out', folder), {
      code: 1,
      err: /UR_AGENT_CERT_WRITE/,
    })
    t.match(await server.uniroutd('agent-cert', 'add', 'nobody', '--out', folder), {
      code: 1,
      err: /UR_TOKEN_NOT_FOUND/,
    })
    t.strictSame((await readdir(folder)).sort(), ['laptop.key', 'laptop.pem'], 'nothing is left of what failed')

    t.match(await server.uniroutd('certs', 'rotate-key'), { code: 0, out: /1 private keys were encrypted/ })
    const more = await make('add', 'laptop')
    await second.process.stop('SIGTERM')
    const third = await Agent.start(t, server, [...tcp, ...shown(more)], NO_TOKEN)
    t.equal(third.port(), agent.port(), 'and so with another certificate of it')
    t.match(await server.uniroutd('audit', '--json'), { out: /agent-certificate\.create.*"serial"/ })
  },
)

t.test('as PKCS#12, with its password from a file or a variable', async (t) => {
  const { server, tcp, folder } = await start(t)
  const file = path.join(folder, 'laptop.p12')
  const created = await server.uniroutd('agent-cert', 'create', 'laptop', '--p12', file)
  const password = /Its password, which is not shown again: (\S+)/.exec(created.out)?.[1] ?? ''
  t.equal(password.length, 24, created.err)
  t.equal((await stat(file)).mode & 0o777, 0o600)
  const openssl = await program('openssl', 'openssl')
  await must(openssl, ['pkcs12', '-in', file, '-passin', `pass:${password}`, '-noenc'])

  const env = { UNIROUTE_AGENT_CERT_PASSWORD: password }
  const agent = await Agent.start(t, server, [...tcp, '--agent-cert', file], { ...NO_TOKEN, env })
  await echo(agent.port())
  t.notOk(agent.process.printed.includes(password))
  const words = path.join(folder, 'password')
  await writeFile(words, `${password}\n`)
  await agent.process.stop('SIGTERM')
  const again = await Agent.start(
    t,
    server,
    [...tcp, '--agent-cert', file, '--agent-cert-password-file', words],
    NO_TOKEN,
  )
  t.equal(again.port(), agent.port())

  const own = path.join(folder, 'own.p12')
  await writeFile(words, 'correct horse\n')
  t.match(await server.uniroutd('agent-cert', 'add', 'laptop', '--p12', own, '--p12-password-file', words), {
    code: 0,
    out: /^The certificate .*\n?$/,
  })
  await Agent.start(t, server, [...tcp, '--agent-cert', own, '--agent-cert-password-file', words], NO_TOKEN)

  const config = path.join(folder, 'uniroute.yml')
  await writeFile(config, 'agent_cert: own.p12\nagent_cert_password_file: password\n', { mode: 0o600 })
  const check = () => run(process.execPath, [BIN.uniroute, 'config', 'check', '--config', config])
  t.match(await check(), { code: 0 })
  await writeFile(words, 'wrong\n')
  t.match(await check(), { code: 2, err: /another one.*UR_AGENT_CERT_FILE/ })
  t.match(await runAgent(t, server, [...tcp, '--agent-cert', own], NO_TOKEN), {
    code: 2,
    err: /needs a password|another one/,
  })
})

t.test('what cannot be used is said before anything is connected', async (t) => {
  const { server, tcp, folder, make } = await start(t)
  const [one, two] = [await make('create', 'one'), await make('create', 'two')]
  const both = path.join(folder, 'both.pem')
  await writeFile(both, (await Promise.all([one.cert, one.key].map((file) => readFile(file, 'utf8')))).join(''), {
    mode: 0o640,
  })
  const wrong: [string[], RegExp][] = [
    [['--agent-cert', path.join(folder, 'missing.pem')], /missing\.pem.*UR_AGENT_CERT_FILE/],
    [['--agent-cert', one.cert, '--agent-key', two.key], /does not belong to it/],
    [['--agent-cert', one.cert], /holds no private key/],
    [['--agent-cert', one.key, '--agent-key', one.key], /holds no certificate/],
    [['--agent-cert', server.configFile], /neither PEM nor PKCS#12/],
    [['--agent-key', one.key], /agent-key.*needs agent_cert/],
  ]
  for (const [flags, err] of wrong) {
    t.match(await runAgent(t, server, [...tcp, ...flags], NO_TOKEN), { code: 2, err }, flags.join(' '))
  }
  t.equal(await server.metric('uniroute_sessions_total'), 0)
  const agent = await Agent.start(t, server, [...tcp, '--agent-cert', both], NO_TOKEN)
  t.match(agent.process.err.join('\n'), /holds a private key and others can read it/)
})

t.test('a further connection of a session has to show a certificate of the same token', async (t) => {
  const { server, make } = await start(t)
  const [own, other] = [await make('create', 'own'), await make('create', 'other')]
  const ca = await readFile(server.authority.ca)
  const dial = async (pair: Pair | null) => {
    const shown = pair === null ? {} : { cert: await readFile(pair.cert), key: await readFile(pair.key) }
    const place = { host: '127.0.0.1', port: server.port, servername: 'localhost', ca, ALPNProtocols: [ALPN] }
    const socket = connect({ ...place, ...shown })
    t.teardown(() => socket.destroy())
    await within(
      'the handshake',
      new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject)),
    )
    return socket
  }
  const hello = {
    protocol: PROTOCOL_VERSION,
    instanceId: randomUUID(),
    capabilities: [...CAPABILITIES],
    maxCarriers: 8,
  }
  const { welcome } = await agentHandshake(await dial(own), { hello })
  const attach = async (pair: Pair | null, returns = false, secret = welcome.secret) =>
    agentHandshake(await dial(pair), {
      attach: { sessionId: welcome.sessionId, secret, protocol: PROTOCOL_VERSION, returns },
    })
  for (const returns of [false, true]) {
    await t.rejects(attach(null, returns), { code: 'UR_AGENT_CERT_MISSING' })
    await t.rejects(attach(other, returns), { code: 'UR_AGENT_CERT_TOKEN' })
  }
  await t.rejects(
    attach(null, false, Buffer.alloc(32)),
    { code: 'UR_SESSION_UNKNOWN' },
    'who has no secret learns nothing',
  )
  t.match((await attach(own)).welcome, { carrier: 2 })
  t.match((await attach(await make('add', 'own'))).welcome, { carrier: 3 })
})

t.test('sessions of TLS are resumed with the certificate that they began with', async (t) => {
  const { server, make } = await start(t)
  const [own, other] = [await make('create', 'own'), await make('create', 'other')]
  const ca = await readFile(server.authority.ca)
  /** A login: which token it was for, and whether its TLS was resumed. */
  const login = async (pair: Pair | null, session?: Buffer) => {
    const shown = pair === null ? {} : { cert: await readFile(pair.cert), key: await readFile(pair.key) }
    const place = { host: '127.0.0.1', port: server.port, servername: 'localhost', ca, ALPNProtocols: [ALPN] }
    const socket = connect({ ...place, ...shown, ...(session && { session }) })
    t.teardown(() => socket.destroy())
    const ticket = new Promise<Buffer>((resolve) => socket.once('session', resolve))
    await within('the handshake', new Promise((resolve) => socket.once('secureConnect', resolve)))
    const reused = socket.isSessionReused()
    const hello = { protocol: PROTOCOL_VERSION, instanceId: randomUUID(), capabilities: [...CAPABILITIES] }
    const refused = await agentHandshake(socket, { hello }).then(
      () => null,
      ({ code }: { code: string }) => code,
    )
    // A session that is resumed brings no other ticket.
    return { reused, refused, ticket: session ?? (await within('a ticket', ticket)) }
  }
  const first = await login(own)
  t.match(first, { reused: false, refused: null })
  t.match(await login(own, first.ticket), { reused: true, refused: null })
  const none = await login(null)
  t.match(none, { reused: false, refused: 'UR_TOKEN_MISSING' })
  t.match(await login(null, none.ticket), { reused: true, refused: 'UR_TOKEN_MISSING' })
  t.match(await server.uniroutd('agent-cert', 'revoke', 'own'), { code: 0 })
  t.match(await login(other, first.ticket), { refused: 'UR_AGENT_CERT_REVOKED' }, 'it stays that of the session')
})

t.test('only agents are asked for a certificate', async (t) => {
  const { server, tcp } = await start(t)
  const token = await server.createToken('plain')
  const openssl = await program('openssl', 'openssl')
  const agent = await Agent.start(t, server, tcp, { token })
  await echo(agent.port())
  const ask = (...args: string[]) =>
    run(openssl, ['s_client', '-connect', `127.0.0.1:${server.port}`, '-servername', 'localhost', ...args, '-trace'])
  t.match((await ask('-alpn', ALPN)).out, /CertificateRequest/)
  t.notMatch((await ask('-alpn', 'h2')).out, /CertificateRequest/)
})
