import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { type CertificateBook, DevBook, FileBook, type FileBookOptions } from '../../src/certs/index.js'
import { silentLogger, type LogFields, type Logger } from '../../src/core/logger.js'
import { within } from '../support/hang.js'
import { inDays, TestAuthority, writePair } from './support.js'

const authority = new TestAuthority()
const NEVER_MS = 2 ** 30

/** A logger whose lines can be waited for. */
class WaitingLogger implements Logger {
  readonly lines: { readonly fields: LogFields; readonly message: string }[] = []
  #wake = (): void => {}
  readonly debug = (): void => {}
  readonly info = this.#write.bind(this)
  readonly warn = this.#write.bind(this)
  readonly error = this.#write.bind(this)
  readonly child = (): Logger => this

  async line(pattern: RegExp): Promise<LogFields> {
    const search = async (): Promise<LogFields> => {
      for (;;) {
        const found = this.lines.find(({ message }) => pattern.test(message))
        if (found) return found.fields
        await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    }
    return within(`a line like ${pattern.source}`, search())
  }

  #write(fields: LogFields, message: string): void {
    this.lines.push({ fields, message })
    this.#wake()
  }
}

async function fileBook(t: Test, options: Omit<FileBookOptions, 'log'> & { log?: Logger }): Promise<FileBook> {
  const book = await FileBook.open({ log: silentLogger, pollMs: NEVER_MS, settleMs: 20, ...options })
  t.teardown(() => book.close())
  return book
}

/** A TLS server on loopback that serves from a book, as ingress does. */
async function serve(t: Test, book: CertificateBook): Promise<number> {
  const server = tls.createServer({
    ...book.defaultPem,
    SNICallback: (name, done) => done(null, book.secureContextFor(name)),
  })
  server.on('secureConnection', (socket) => socket.on('error', () => {}).end('hello'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

async function connect(
  port: number,
  options: tls.ConnectionOptions,
): Promise<{ serial: string; version: string | null; reused: boolean; session: Buffer }> {
  const socket = tls.connect({ host: '127.0.0.1', port, ...options })
  let session = Buffer.alloc(0)
  socket.on('session', (ticket) => (session = ticket)).resume()
  await once(socket, 'secureConnect')
  const seen = {
    serial: socket.getPeerX509Certificate()?.serialNumber ?? '',
    version: socket.getProtocol(),
    reused: socket.isSessionReused(),
  }
  await once(socket, 'close')
  return { ...seen, session }
}

const reloaded = (book: CertificateBook): Promise<void> =>
  within('the reload', new Promise<void>((resolve) => book.onReload(resolve)))

t.test('the right certificate for a name: exact, wildcard, default', async (t) => {
  const dir = t.testdir({})
  const files = [
    writePair(dir, 'default', authority.issue({ names: ['example.com'] })),
    writePair(dir, 'wild', authority.issue({ names: ['*.example.com'] })),
    writePair(dir, 'exact', authority.issue({ names: ['b.example.com', 'example.com'] })),
  ]
  const book = await fileBook(t, { files })
  const [fallback, wild, exact] = ['example.com', 'a.example.com', 'b.example.com'].map((name) =>
    book.secureContextFor(name),
  )
  t.equal(new Set([fallback, wild, exact]).size, 3)
  const cases = [
    ['EXAMPLE.com.', fallback],
    ['A.example.COM', wild],
    ['b.example.com.', exact],
    ['x.a.example.com', fallback],
    ['.example.com', fallback],
    ['*.example.com', fallback],
    ['unknown.test', fallback],
    ['', fallback],
    [undefined, fallback],
  ] as const
  for (const [name, context] of cases) t.equal(book.secureContextFor(name), context, String(name))
  t.strictSame(
    book.describe().map(({ names }) => names),
    [['example.com'], ['*.example.com'], ['b.example.com', 'example.com']],
  )
  t.ok(book.describe()[0]?.notAfter instanceof Date)
  t.equal(book.caFile, null)
})

t.test('clients verify what is served; TLS 1.2 and 1.3, nothing older; sessions are resumed', async (t) => {
  const dir = t.testdir({})
  const files = [
    writePair(dir, 'a', authority.issue({ names: ['a.example.com'] })),
    writePair(dir, 'b', authority.issue({ names: ['b.example.com'] })),
  ]
  const port = await serve(t, await fileBook(t, { files }))
  const options = { ca: authority.cert, servername: 'b.example.com' }
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const versions = { minVersion: version, maxVersion: version }
    const first = await connect(port, { ...options, ...versions })
    t.match(first, { version, reused: false })
    t.match(await connect(port, { ...options, ...versions, session: first.session }), { version, reused: true })
  }
  await t.rejects(connect(port, { ...options, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }))
  await t.rejects(connect(port, { ...options, servername: 'c.example.com' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
})

t.test('files replaced by renaming, as a whole, are served at once', async (t) => {
  const dir = t.testdir({})
  const files = writePair(dir, 'site', authority.issue())
  const book = await fileBook(t, { files: [files] })
  const port = await serve(t, book)
  const options = { ca: authority.cert, servername: 'a.example.com' }
  const before = (await connect(port, options)).serial
  const draft = writePair(dir, 'draft', authority.issue({ to: inDays(25) }))
  const done = reloaded(book)
  renameSync(draft.key, files.key)
  renameSync(draft.cert, files.cert)
  await done
  t.not((await connect(port, options)).serial, before)
  t.ok((book.describe()[0]?.notAfter ?? inDays(0)) > inDays(24))
  t.match(book.defaultPem.cert, /BEGIN/)
})

t.test('links exchanged as certbot and Kubernetes do', async (t) => {
  const dir = t.testdir({ archive: {}, live: {}, v1: {}, v2: {} })
  const [archive, live] = [join(dir, 'archive'), join(dir, 'live')]
  const [one, two] = [
    writePair(archive, 'one', authority.issue()),
    writePair(archive, 'two', authority.issue({ to: inDays(25) })),
  ]
  const files = { cert: join(live, 'fullchain.pem'), key: join(live, 'privkey.pem') }
  symlinkSync(one.cert, files.cert)
  symlinkSync(one.key, files.key)
  const certbot = await fileBook(t, { files: [files] })
  const certbotDone = reloaded(certbot)
  for (const [link, target] of [
    [files.cert, two.cert],
    [files.key, two.key],
  ] as const) {
    rmSync(link)
    symlinkSync(target, link)
  }
  await certbotDone
  t.ok((certbot.describe()[0]?.notAfter ?? inDays(0)) > inDays(24))

  writePair(join(dir, 'v1'), 'tls', authority.issue())
  writePair(join(dir, 'v2'), 'tls', authority.issue({ to: inDays(25) }))
  const mount = join(dir, '..data')
  symlinkSync('v1', mount)
  for (const name of ['tls.pem', 'tls.key']) symlinkSync(join('..data', name), join(dir, name))
  const kubernetes = await fileBook(t, { files: [{ cert: join(dir, 'tls.pem'), key: join(dir, 'tls.key') }] })
  const kubernetesDone = reloaded(kubernetes)
  symlinkSync('v2', `${mount}.new`)
  renameSync(`${mount}.new`, mount)
  await kubernetesDone
  t.ok((kubernetes.describe()[0]?.notAfter ?? inDays(0)) > inDays(24))
})

t.test(
  'a half-written file, a key that does not fit yet, a file that is gone: the old certificate stays, and a line says so',
  async (t) => {
    const dir = t.testdir({})
    const files = writePair(dir, 'site', authority.issue())
    const log = new WaitingLogger()
    const book = await fileBook(t, { files: [files], log })
    const before = book.secureContextFor(undefined)
    const next = authority.issue({ to: inDays(25) })
    const steps = [
      [() => writeFileSync(files.cert, next.cert.slice(0, 200)), 'UR_CERT_INVALID'],
      [() => writeFileSync(files.cert, next.cert), 'UR_CERT_MISMATCH'],
      [() => rmSync(files.key), 'UR_CERT_UNREADABLE'],
    ] as const
    for (const [step, code] of steps) {
      log.lines.length = 0
      step()
      const fields = await log.line(/the old certificate stays/)
      t.match(fields, { code, cert: files.cert, key: files.key })
      t.equal(book.secureContextFor(undefined), before)
    }
    const done = reloaded(book)
    writeFileSync(files.key, next.key)
    await done
    t.not(book.secureContextFor(undefined), before)
    t.notMatch(JSON.stringify(log.lines), /BEGIN/, 'no key reaches the log')
  },
)

t.test('a bad pair does not hold up the others', async (t) => {
  const dir = t.testdir({})
  const a = writePair(dir, 'a', authority.issue({ names: ['a.example.com'] }))
  const b = writePair(dir, 'b', authority.issue({ names: ['b.example.com'] }))
  const book = await fileBook(t, { files: [a, b] })
  const done = reloaded(book)
  writeFileSync(a.cert, 'half')
  writePair(dir, 'b', authority.issue({ names: ['c.example.com'] }))
  await done
  t.strictSame(
    book.describe().flatMap(({ names }) => names),
    ['a.example.com', 'c.example.com'],
  )
})

t.test('where the system reports nothing, looking from time to time finds the change', async (t) => {
  const dir = t.testdir({})
  const files = writePair(dir, 'site', authority.issue())
  const book = await fileBook(t, { files: [files], pollMs: 20, settleMs: NEVER_MS })
  const done = reloaded(book)
  writePair(dir, 'site', authority.issue({ to: inDays(25) }))
  await done
  t.ok((book.describe()[0]?.notAfter ?? inDays(0)) > inDays(24))
})

t.test('reload with other files: all or nothing', async (t) => {
  const dir = t.testdir({})
  const a = writePair(dir, 'a', authority.issue({ names: ['a.example.com'] }))
  const b = writePair(dir, 'b', authority.issue({ names: ['b.example.com'] }))
  const expired = writePair(dir, 'old', authority.issue({ from: inDays(-9), to: inDays(-1) }))
  const book = await fileBook(t, { files: [a] })
  await t.rejects(book.reload([b, expired]), { name: 'CertificateError', code: 'UR_CERT_EXPIRED', message: /old\.pem/ })
  t.strictSame(
    book.describe().flatMap(({ names }) => names),
    ['a.example.com'],
  )
  await book.reload([b, a])
  t.strictSame(
    book.describe().flatMap(({ names }) => names),
    ['b.example.com', 'a.example.com'],
  )
  const done = reloaded(book)
  writePair(dir, 'b', authority.issue({ names: ['c.example.com'] }))
  await done
  t.strictSame(
    book.describe().flatMap(({ names }) => names),
    ['c.example.com', 'a.example.com'],
  )
  await t.rejects(FileBook.open({ files: [expired], log: silentLogger }), { code: 'UR_CERT_EXPIRED' })
})

t.test('a certificate near its end is mentioned', async (t) => {
  const dir = t.testdir({})
  const log = new WaitingLogger()
  await fileBook(t, { files: [writePair(dir, 'a', authority.issue({ to: inDays(13) }))], log })
  t.match(await log.line(/expires soon/), { names: ['a.example.com'] })
})

t.test('the development book: verified by its CA file for all its names, renewed in time', async (t) => {
  let now = new Date()
  const book = await DevBook.open({
    dir: join(t.testdir({}), 'dev-ca'),
    domain: 'dev.example.com',
    log: silentLogger,
    now: () => now,
    checkMs: 10,
  })
  t.teardown(() => book.close())
  const port = await serve(t, book)
  const ca = readFileSync(book.caFile)
  for (const servername of ['localhost', 'dev.example.com', 'shop.dev.example.com']) {
    t.match(await connect(port, { ca, servername }), { version: 'TLSv1.3' }, servername)
  }
  t.match(await connect(port, { ca }), { version: 'TLSv1.3' }, 'by IP address')
  await t.rejects(connect(port, { ca, servername: 'example.com' }))
  const first = book.secureContextFor('localhost')
  const done = reloaded(book)
  now = inDays(61)
  await done
  t.not(book.secureContextFor('localhost'), first)
  t.ok((book.describe()[0]?.notAfter ?? now) > inDays(150))
})
