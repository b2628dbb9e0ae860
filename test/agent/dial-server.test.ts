import { readFile, writeFile } from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import t from 'tap'
import { ServerDialer } from '../../src/agent/dial-server.js'
import type { LogFields } from '../../src/core/logger.js'
import { silentLogger } from '../../src/core/logger.js'
import { startConnectProxy } from '../support/connect-proxy.js'
import { within } from '../support/hang.js'
import { freePort, listen, temporaryFolder } from '../support/places.js'
import { startUpstream } from '../support/pumps.js'
import { makeAgent, next, ready, TestServer } from './test-server.js'

const dialer = (options: { caFile?: string; env?: Record<string, string>; timeoutMs?: number } = {}) =>
  new ServerDialer({ env: {}, timeoutMs: 10_000, ...options })

t.test('a server whose certificate nobody vouches for', async (t) => {
  const server = await TestServer.start(t)
  const target = { host: 'localhost', port: server.port }
  await t.rejects(dialer().dial(target), { code: 'UR_TLS_VERIFY', exitCode: 1, message: /UNABLE_TO.*--ca/ })
  const agent = makeAgent(t, server, { caFile: undefined as never })
  agent.start()
  t.match(await next(agent, 'close'), [{ code: 'UR_TLS_VERIFY' }], 'is no reason to try again at the start')
})

t.test('a certificate for another name', async (t) => {
  const server = await TestServer.start(t, 'uniroute/1', ['elsewhere.test'])
  const found = dialer({ caFile: server.authority.ca }).dial({ host: 'localhost', port: server.port })
  await t.rejects(found, {
    code: 'UR_TLS_VERIFY',
    message: /Write the server as the certificate names it instead of localhost/,
  })
})

t.test('an unverified server is accepted only when asked for, with a warning at each start', async (t) => {
  const server = await TestServer.start(t)
  const warnings: [LogFields, string][] = []
  const log = { ...silentLogger, warn: (...line: [LogFields, string]) => void warnings.push(line) }
  const agent = makeAgent(t, server, { caFile: undefined as never, insecure: true, log })
  await ready(agent)
  t.match(warnings, [[{ server: `localhost:${server.port}` }, /NOT verified/]])
})

t.test('a CA file that is missing, or holds no certificate', async (t) => {
  const target = { host: '127.0.0.1', port: (await startUpstream(t, () => undefined)).port }
  const folder = await temporaryFolder(t)
  const file = path.join(folder, 'ca.pem')
  await t.rejects(dialer({ caFile: file }).dial(target), { code: 'UR_CA_FILE', exitCode: 2, message: /ENOENT/ })
  await writeFile(file, 'not a certificate')
  await t.rejects(dialer({ caFile: file }).dial(target), { code: 'UR_CA_FILE', message: /holds no certificate/ })
})

t.test('TLS is resumed with tickets of earlier connections, each once', async (t) => {
  const server = await TestServer.start(t)
  const caFile = server.authority.ca
  const dialing = dialer({ caFile })
  const target = { host: 'localhost', port: server.port }
  /** Dials, and waits for the tickets of a whole handshake: OpenSSL sends two. */
  const dial = async (): Promise<boolean> => {
    const socket = await dialing.dial(target)
    t.teardown(() => socket.destroy())
    const resumed = socket.isSessionReused()
    let tickets = 0
    const both = new Promise<void>((resolve) => socket.on('session', () => ++tickets === 2 && resolve()))
    if (!resumed) await within('two tickets', both)
    return resumed
  }
  t.same([await dial(), await dial(), await dial(), await dial()], [false, true, true, false])

  await writeFile(caFile, `${await readFile(caFile, 'utf8')}\n`)
  t.same([await dial(), await dial()], [false, true], 'other authorities verify the certificate themselves')

  server.forgetTickets()
  t.same([await dial(), await dial()], [false, true], 'a server that was restarted knows nothing of them')
})

t.test('something that is no UniRoute server', async (t) => {
  t.test('TLS with another protocol', async (t) => {
    const server = await TestServer.start(t, 'http/1.1')
    const found = dialer({ caFile: server.authority.ca }).dial({ host: 'localhost', port: server.port })
    await t.rejects(found, {
      code: 'UR_SERVER_ALPN',
      message: /no UniRoute server.*Give --server the TLS port.*pass TLS through/,
    })
  })

  t.test('no TLS', async (t) => {
    const plain = await startUpstream(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    const found = dialer().dial({ host: '127.0.0.1', port: plain.port })
    const message = /does not speak TLS: it says "SSH-2\.0-OpenSSH_9\.2"\. Give --server the TLS port/
    await t.rejects(found, { code: 'UR_SERVER_NO_TLS', exitCode: 4, message })
    const binary = await startUpstream(t, (socket) => socket.end(Buffer.from([0x4a, 0, 0, 0, 0x0a, 0x35, 0x2e, 0x37])))
    const other = dialer().dial({ host: '127.0.0.1', port: binary.port })
    await t.rejects(other, { code: 'UR_SERVER_NO_TLS', message: /does not speak TLS\. Give --server/ })
  })

  t.test('plain HTTP', async (t) => {
    const server = http.createServer((_request, response) => response.writeHead(404).end())
    const port = await listen(server)
    t.teardown(() => server.close())
    const target = { host: '127.0.0.1', port }
    const wanted = {
      code: 'UR_SERVER_PLAIN_HTTP',
      exitCode: 4,
      message: /speaks plain HTTP, not TLS: it answered "HTTP\/1\.1 404 Not Found"\. Give --server the TLS port/,
    }
    await t.rejects(dialer().dial(target), wanted)
    const proxy = await startConnectProxy(t)
    await t.rejects(dialer({ env: { https_proxy: proxy.url } }).dial(target), wanted, 'behind a proxy')
    const agent = makeAgent(t, await TestServer.start(t), { server: target })
    agent.start()
    const [error, retryInMs] = await next(agent, 'offline')
    t.match(error, wanted)
    t.ok(retryInMs !== null && retryInMs > 5_000, 'it is tried again, but not at once')
  })

  t.test('plain HTTP that waits for the end of a head, or closes without a word', async (t) => {
    for (const onOther of [() => undefined, (socket: net.Socket) => socket.destroy()]) {
      const waiting = await startUpstream(t, (socket) => {
        socket.once('data', (chunk) => {
          if (chunk.includes('GET /')) socket.end('HTTP/1.0 200 OK\r\n\r\n')
          else onOther(socket)
        })
      })
      const found = dialer({ timeoutMs: 200 }).dial({ host: '127.0.0.1', port: waiting.port })
      await t.rejects(found, { code: 'UR_SERVER_PLAIN_HTTP', message: /answered "HTTP\/1\.0 200 OK"/ })
    }
  })

  t.test('a TLS port that only fails: what it answers to plain HTTP tells nothing', async (t) => {
    const busy = await startUpstream(t, (socket) => {
      socket.once('data', (chunk) => {
        if (chunk.includes('GET /')) socket.end('HTTP/1.1 400 The plain HTTP request was sent to HTTPS port\r\n\r\n')
        else socket.destroy()
      })
    })
    const found = dialer().dial({ host: '127.0.0.1', port: busy.port })
    await t.rejects(found, { code: 'UR_SERVER_TLS', message: /handshake with .* failed.*Give --server the TLS port/ })
  })

  t.test('silence', async (t) => {
    const silent = await startUpstream(t, () => undefined)
    const found = dialer({ timeoutMs: 100 }).dial({ host: '127.0.0.1', port: silent.port })
    await t.rejects(found, {
      code: 'UR_SERVER_TIMEOUT',
      exitCode: 4,
      message: /finish the TLS handshake within 0\.1 s/,
    })
  })

  t.test('nothing', async (t) => {
    const found = dialer().dial({ host: '127.0.0.1', port: await freePort() })
    await t.rejects(found, { code: 'UR_SERVER_UNREACHABLE', message: /ECONNREFUSED/ })
  })

  t.test('no such name', async (t) => {
    const found = dialer().dial({ host: 'nowhere.invalid', port: 443 })
    await t.rejects(found, { code: 'UR_SERVER_NAME', message: /nowhere\.invalid/ })
  })
})

t.test('a dial that is given up leaves no connection', async (t) => {
  let closed!: () => void
  const gone = new Promise<void>((resolve) => (closed = resolve))
  const connected = new Promise<void>((resolve) => {
    void startUpstream(t, (socket) => {
      resolve()
      socket
        .resume()
        .on('close', closed)
        .on('end', () => socket.end())
    }).then(({ port }) => found(port))
  })
  const giveUp = new AbortController()
  let result: Promise<unknown> = Promise.resolve()
  const found = (port: number): void => {
    result = dialer()
      .dial({ host: '127.0.0.1', port }, giveUp.signal)
      .catch((error: unknown) => error)
  }
  await connected
  giveUp.abort()
  t.match(await result, { name: 'AbortError' })
  await gone
})

t.test('through an HTTP proxy', async (t) => {
  const server = await TestServer.start(t)

  t.test('that lets everyone pass', async (t) => {
    const proxy = await startConnectProxy(t)
    const agent = makeAgent(t, server, { env: { https_proxy: proxy.url } })
    await ready(agent)
    t.same(proxy.requests, [`localhost:${server.port}`])
  })

  t.test('that wants a user and a password', async (t) => {
    const proxy = await startConnectProxy(t, { name: 'me', password: 'p@ss:word' })
    const host = new URL(proxy.url).host
    const right = makeAgent(t, server, { env: { HTTPS_PROXY: `http://me:p%40ss%3Aword@${host}` } })
    await ready(right)
    for (const [login, advice] of [
      ['', /407.*Put a user and a password/],
      ['me:wrong@', /407.*does not take/],
    ] as const) {
      const agent = makeAgent(t, server, { env: { https_proxy: `http://${login}${host}` }, reconnect: false })
      agent.start()
      const [error] = await next(agent, 'close')
      t.match(error, { code: 'UR_PROXY_CONNECT', exitCode: 4, message: advice })
      t.notMatch(error?.message, 'wrong')
    }
  })

  t.test('that says no, with a reason in HTML and colours', async (t) => {
    const stern = net.createServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n<h1>Not\u001b[31m allowed</h1>'))
    })
    const port = await listen(stern)
    t.teardown(() => stern.close())
    const found = dialer({ env: { https_proxy: `127.0.0.1:${port}` } }).dial({ host: 'example.com', port: 443 })
    await t.rejects(found, {
      code: 'UR_PROXY_CONNECT',
      message: `the proxy 127.0.0.1:${port} was asked for example.com:443: it answered "HTTP/1.1 403 Forbidden" (Not\\u001b[31m allowed)`,
    })
  })

  t.test('that is not there, or no proxy', async (t) => {
    const env = { https_proxy: `http://127.0.0.1:${await freePort()}` }
    await t.rejects(dialer({ env }).dial({ host: 'example.com', port: 443 }), {
      code: 'UR_PROXY_CONNECT',
      message: /ECONNREFUSED/,
    })
    const other = await startUpstream(t, (socket) => socket.end('220 smtp.example.com\r\n\r\n'))
    const wrong = dialer({ env: { https_proxy: `http://127.0.0.1:${other.port}` } }).dial({
      host: 'example.com',
      port: 443,
    })
    await t.rejects(wrong, { code: 'UR_PROXY_CONNECT', message: /does not answer as an HTTP proxy does/ })
  })

  t.test('whose URL is wrong', async (t) => {
    const agent = makeAgent(t, server, { env: { https_proxy: 'socks5://user:secret@127.0.0.1:1080' } })
    agent.start()
    const [error] = await next(agent, 'close')
    t.match(error, { code: 'UR_PROXY_CONFIG', exitCode: 2, message: /socks5/ })
    t.notMatch(error?.message, 'secret')
  })
})
