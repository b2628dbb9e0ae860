import { createHmac } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { listen, program, temporaryFolder } from '../support/places.js'
import { must } from '../support/processes.js'
import { Agent, runAgent, Server } from '../support/product.js'

const HOST = 'tunnels.test'
const SECRET = 'hush-hush'
const PASSWORD = 'correct horse'
const BODY = '{"event":1}'
const SIGNATURE = `sha256=${createHmac('sha256', SECRET).update(BODY).digest('hex')}`
const VERSIONS = ['--http1.1', '--http2'] as const

/** Answers with the head that it got; fails below `/breaker`. */
async function startUpstream(t: Test) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    request.resume()
    request.on('end', () => {
      response.writeHead(request.url?.startsWith('/breaker') ? 500 : 200, { 'x-secret': '1' })
      response.end(JSON.stringify(request.headers))
    })
  })
  const port = await listen(server)
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port, asked }
}

interface Answer {
  readonly status: string
  /** Connections that were made for it: 0 when it came over that of the one before. */
  readonly connects: string
  readonly code: string
  readonly retryAfter: string
}

const FORMAT = '%{http_code} %{num_connects} %{http_version} [%header{x-uniroute-error}] [%header{retry-after}]\\n'

t.test('every rule on the second request of a connection too, with the programs as they are', async (t) => {
  const [server, upstream, folder] = await Promise.all([Server.start(t), startUpstream(t), temporaryFolder(t)])
  const curl = await program('curl', 'curl')
  const tunnel = (name: string, keys: object) => ({
    kind: 'http',
    upstream: upstream.port,
    domain: HOST,
    path: `/${name}`,
    ...keys,
  })
  const rules: Record<string, object> = {
    auth: { basic_auth: `ann:${PASSWORD}` },
    cidr: { cidr_deny: ['127.0.0.0/8', '::1'] },
    size: { max_body: '20B' },
    rate: { rate_per_visitor: '4/h' },
    breaker: { circuit_breaker: 0.5 },
    hook: { verify_webhook: 'github', verify_webhook_secret: SECRET },
    fields: {
      host_header: 'rewrite',
      request_header_add: 'X-Team: shop',
      request_header_remove: ['Authorization', 'X-User'],
      response_header_remove: 'X-Secret',
    },
  }
  const tunnels = Object.fromEntries(Object.entries(rules).map(([name, keys]) => [name, tunnel(name, keys)]))
  const file = path.join(folder, 'uniroute.yml')
  await writeFile(file, stringify({ tunnels }), { mode: 0o600 })
  const agent = await Agent.start(t, server, ['start', '--all', '--config', file])
  t.equal(agent.tunnels.length, 7)

  const common = [
    '--noproxy',
    '*',
    '-sS',
    '--cacert',
    server.authority.ca,
    '--resolve',
    `${HOST}:${server.port}:127.0.0.1`,
  ]
  const url = (at: string) => `https://${HOST}:${server.port}${at}`
  /** One after another over one connection. */
  const calls = async (version: string, ...requests: string[][]): Promise<Answer[]> => {
    const args = requests.flatMap((request, i) => [
      ...(i === 0 ? [] : ['--next']),
      ...[...common, version, '-o', '/dev/null', '-w', FORMAT, ...request],
    ])
    const { out } = await must(curl, args)
    return out.split('\n').map((line) => {
      const [, status = '', connects = '', spoken = '', code = '', retryAfter = ''] =
        /^(\d+) (\d+) (\S+) \[(.*)\] \[(.*)\]$/.exec(line) ?? []
      t.equal(spoken, version === '--http2' ? '2' : '1.1')
      return { status, connects, code, retryAfter }
    })
  }

  for (const version of VERSIONS) {
    t.test(`curl ${version}`, async (t) => {
      const login = ['-u', `ann:${PASSWORD}`]
      t.match(await calls(version, [...login, url('/auth')], [url('/auth')], ['-u', 'ann:guess', url('/auth')]), [
        { status: '200', connects: '1' },
        { status: '401', connects: '0', code: 'UR_VISITOR_LOGIN' },
        { status: '401', connects: '0', code: 'UR_VISITOR_LOGIN' },
      ])
      t.match(await calls(version, [url('/fields')], [...login, url('/cidr')]), [
        { status: '200', connects: '1' },
        { status: '403', connects: '0', code: 'UR_VISITOR_ADDRESS' },
      ])
      t.match(await calls(version, ['-d', 'small', url('/size')], ['-d', 'x'.repeat(21), url('/size')]), [
        { status: '200', connects: '1' },
        { status: '413', connects: '0', code: 'UR_BODY_TOO_LARGE' },
      ])
      const hook = ['-H', `X-Hub-Signature-256: ${SIGNATURE}`]
      t.match(await calls(version, [...hook, '-d', BODY, url('/hook')], [...hook, '-d', '{"event":2}', url('/hook')]), [
        { status: '200', connects: '1' },
        { status: '403', connects: '0', code: 'UR_WEBHOOK_SIGNATURE' },
      ])
    })
  }

  t.test('a body of unknown length', async (t) => {
    for (const version of VERSIONS) {
      const big = path.join(folder, 'big')
      await writeFile(big, Buffer.alloc(300_000))
      const piped = `exec ${curl} ${[...common, version].map((each) => `'${each}'`).join(' ')} -T - -w '%{http_code}' -o /dev/null '${url('/size')}'`
      const { out } = await must('/bin/sh', ['-c', `cat '${big}' | ${piped}`])
      t.equal(out, '413', version)
    }
  })

  t.test('a rate is one over all connections, and of both versions', async (t) => {
    const [one, two] = VERSIONS
    t.match(await calls(one, [url('/rate')], [url('/rate')]), [{ status: '200' }, { status: '200', connects: '0' }])
    t.match(await calls(two, [url('/rate')], [url('/rate')], [url('/rate')]), [
      { status: '200' },
      { status: '200', connects: '0' },
      { status: '429', connects: '0', code: 'UR_VISITOR_RATE', retryAfter: '900' },
    ])
    t.match(await calls(one, [url('/fields')], [url('/rate')]), [{ status: '200' }, { status: '429', connects: '0' }])
  })

  t.test('an upstream that fails gets a rest', async (t) => {
    const before = upstream.asked.filter((each) => each.startsWith('/breaker')).length
    const answers = await calls('--http2', ...Array.from({ length: 12 }, () => [url('/breaker')]))
    t.same(
      answers.map(({ status }) => status),
      [...Array<string>(10).fill('500'), '503', '503'],
    )
    t.match(answers[11], { connects: '0', code: 'UR_CIRCUIT_OPEN', retryAfter: /^\d+$/ })
    t.match(await calls('--http1.1', [url('/breaker')]), [{ status: '503', code: 'UR_CIRCUIT_OPEN' }])
    t.equal(upstream.asked.filter((each) => each.startsWith('/breaker')).length - before, 10)
  })

  t.test('fields', async (t) => {
    for (const version of VERSIONS) {
      const args = [
        ...common,
        version,
        '-i',
        '-u',
        'ann:x',
        '-H',
        'X-User: admin',
        '-H',
        'X_User: admin',
        url('/fields'),
      ]
      const { out } = await must(curl, args)
      const [head = '', body = ''] = out.split(/\r?\n\r?\n/)
      const seen = JSON.parse(body) as Record<string, string>
      t.match(seen, {
        host: `localhost:${upstream.port}`,
        'x-team': 'shop',
        'x-forwarded-host': `${HOST}:${server.port}`,
      })
      for (const gone of ['authorization', 'x-user', 'x_user']) t.equal(seen[gone], undefined, gone)
      t.notMatch(head, /^x-secret:/im)
    }
  })

  t.test('what was refused is counted, and neither password nor secret stands anywhere', async (t) => {
    t.equal(await server.metric('uniroute_http_failures_total', { reason: 'UR_VISITOR_LOGIN' }), 4)
    t.equal(await server.metric('uniroute_http_failures_total', { reason: 'UR_BODY_TOO_LARGE' }), 4)
    const printed = [server.process.printed, agent.process.printed].join('\n')
    for (const secret of [PASSWORD, SECRET]) t.notOk(printed.includes(secret))
  })
})

t.test('flags, and what is wrong with them, before anything is connected', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startUpstream(t)])
  const http = ['http', String(upstream.port), '--domain', HOST]
  const wrong: [string[], RegExp][] = [
    [['--rate', 'fast', '--basic-auth', 'ann'], /--basic-auth: [^]*--rate: /],
    [['--request-header-add', 'X-A: b\r\nX-Evil: 1'], /--request-header-add: /],
    [['--response-header-add', 'X-A: b\nX-Evil: 1'], /--response-header-add: /],
    [['--request-header-add', 'Transfer-Encoding: chunked'], /--request-header-add: /],
    [['--request-header-add', 'X-Forwarded-For: 6.6.6.6'], /--request-header-add: .*request_header_remove/],
    [['--host-header', 'a b'], /--host-header: /],
    [['--verify-webhook', 'stripe'], /verify_webhook_secret/],
  ]
  for (const [flags, message] of wrong) {
    const { code, err } = await runAgent(t, server, [...http, ...flags])
    t.equal(code, 2, flags.join(' '))
    t.match(err, message)
    t.match(err, /UR_CONFIG_VALUE/)
  }
  t.equal(await server.metric('uniroute_sessions_total'), 0)

  const agent = await Agent.start(t, server, [
    ...http,
    '--basic-auth',
    `ann:${PASSWORD}`,
    '--response-header-add',
    'X-Team: shop',
  ])
  const curl = await program('curl', 'curl')
  const to = [
    '--noproxy',
    '*',
    '-sS',
    '--cacert',
    server.authority.ca,
    '--resolve',
    `${HOST}:${server.port}:127.0.0.1`,
    '-i',
  ]
  const url = `https://${HOST}:${server.port}/`
  t.match((await must(curl, [...to, url])).out, /^HTTP\/2 401 [^]*UR_VISITOR_LOGIN/)
  t.match((await must(curl, [...to, '-u', `ann:${PASSWORD}`, url])).out, /^HTTP\/2 200 [^]*x-team: shop/)
  t.notOk(agent.process.printed.includes(PASSWORD))
  t.notOk((await readFile(server.configFile, 'utf8')).includes(PASSWORD))
})
