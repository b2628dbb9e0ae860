import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, open as openFile, readdir, rm, stat, writeFile, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { ExchangeBook } from '../../../src/inspector/book.js'
import type { Exchange } from '../../../src/inspector/exchange.js'
import { ExchangeStore, type ExchangeStoreOptions } from '../../../src/inspector/store/exchange-store.js'
import { openHandle } from '../../../src/store/embedded-file.js'
import { ensureBuilt } from '../../support/build.js'
import { eventually, within } from '../../support/hang.js'
import { RecordedLog } from '../../support/log.js'
import { ROOT, temporaryFolder } from '../../support/places.js'
import { mounting, smallDisk } from '../../support/small-disk.js'
import { answer, message } from '../messages.js'
import { exchange } from '../support.js'

function open(t: Test, folder: string, options: Partial<ExchangeStoreOptions> = {}, bookBytes = 50_000_000) {
  const book = new ExchangeBook(bookBytes)
  const log = new RecordedLog()
  const store = new ExchangeStore({ folder, book, log, everyMs: 10, ...options })
  store.start()
  t.teardown(() => store.close())
  const add = (parts: Partial<Exchange> = {}): Exchange => {
    const made = exchange(book.nextId(Date.now()), parts)
    book.add(made)
    return made
  }
  return { book, log, store, add }
}

/** Null: it went meanwhile, as the log of a database may until the garbage collector has had its last statement. */
async function openUnlessGone(file: string): Promise<FileHandle | null> {
  try {
    return await openFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

const full: Partial<Exchange> = {
  target: '/a?token=[redacted]',
  targetSecret: '/a?token=hush',
  request: message(['Authorization', 'Bearer hush'], Buffer.from([0, 255, 1])),
  response: answer(200, ['Set-Cookie', 'sid=hush'], 'tea', { codings: ['gzip'], truncated: true, bytes: 9 }),
  timeline: [
    {
      number: 1,
      atMs: 2.5,
      direction: 'to-visitor',
      kind: 'binary',
      bytes: 2,
      label: '',
      payload: Buffer.from([255, 0]),
      truncated: false,
      problem: null,
    },
  ],
}

t.test('what was kept is there again, without secrets, in files that are ours alone', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'kept')
  const first = open(t, folder)
  const all = [first.add(full), first.add({ target: '/b' })]
  first.add({ state: 'open', target: '/open' })
  first.store.close()
  t.equal((await stat(folder)).mode & 0o777, 0o700)
  const files = await readdir(folder)
  t.ok(files.includes('exchanges.sqlite'))
  for (const file of files) {
    const opened = await openUnlessGone(path.join(folder, file))
    if (opened === null) continue
    t.equal((await opened.stat()).mode & 0o777, 0o600, file)
    t.notMatch(await opened.readFile('latin1'), 'hush', file)
    await opened.close()
  }
  const second = open(t, folder)
  const found = [...second.book.newestFirst()].reverse()
  t.match(found, [{ id: all[0]!.id, targetSecret: null }, { id: all[1]!.id }])
  t.same(found[1], all[1])
  t.same(found[0]?.request.body, [Buffer.from([0, 255, 1])])
  t.same(found[0]?.timeline, full.timeline)
  t.match(found[0]?.response, { status: 200, truncated: true, bytes: 9, codings: ['gzip'] })
  t.ok(second.add().id > all[1]!.id, 'what comes now sorts behind')
  second.store.close()
  t.same(second.log.lines, [])
})

t.test('bounded in bytes and age; cleared with the book', async (t) => {
  const folder = await temporaryFolder(t)
  const body = 'x'.repeat(10_000)
  const first = open(t, folder, { maxBytes: 100_000 })
  for (let i = 0; i < 30; i++) first.add({ target: `/${i}`, response: answer(200, [], body) })
  first.store.close()
  const second = open(t, folder, { maxBytes: 100_000 })
  const targets = [...second.book.newestFirst()].map(({ target }) => target)
  t.equal(targets[0], '/29')
  t.ok(targets.length >= 5 && targets.length <= 9, `${targets.length} of them`)
  second.store.close()
  const small = open(t, folder, {}, 40_000)
  t.equal([...small.book.newestFirst()][0]?.target, '/29', 'no more than the book may hold, the newest of them')
  t.ok(small.book.size < targets.length && small.book.forgotten === 0)
  small.store.close()
  const old = open(t, folder, { maxAgeMs: -60_000 })
  t.equal(old.book.size, 0)
  old.add()
  old.store.close()
  const third = open(t, folder)
  t.equal(third.book.size, 0, 'what is too old was deleted')
  third.add()
  third.book.clear()
  const last = third.add({ target: '/after' })
  third.store.close()
  t.same(
    [...open(t, folder).book.newestFirst()].map(({ id }) => id),
    [last.id],
  )
})

t.test('an exchange that changes after it was written is written again', async (t) => {
  const folder = await temporaryFolder(t)
  const first = open(t, folder)
  const made = first.add()
  await eventually('the first writing', async () => {
    if (first.store.waiting > 0) throw new Error('not yet')
  })
  made.problem = 'late'
  first.book.changed(made, 0)
  first.store.close()
  t.match([...open(t, folder).book.newestFirst()], [{ problem: 'late' }])
})

t.test('a process that is killed loses no more than the last moment, also out of another thread', async (t) => {
  await ensureBuilt()
  const folder = await temporaryFolder(t)
  const at = (file: string) => JSON.stringify(pathToFileURL(path.join(ROOT, 'dist/inspector', file)).href)
  const script = `
    const { ExchangeBook } = await import(${at('book.js')})
    const { ExchangeStore } = await import(${at('store/exchange-store.js')})
    const log = { info() {}, warn(fields, text) { console.error(text) } }
    const book = new ExchangeBook(50_000_000)
    const store = new ExchangeStore({ folder: ${JSON.stringify(folder)}, book, log, everyMs: 10 })
    store.start()
    const message = () => ({ fields: [], trailers: [], fieldsCost: 0, body: [], bytes: 0, codings: [], truncated: false, redacted: false, problem: null })
    let number = 0
    setInterval(() => {
      book.add({ id: book.nextId(Date.now()), state: 'done', kind: 'http', tunnel: 't', visitor: '', startedAt: Date.now(), method: 'GET',
        target: '/' + number++, targetSecret: null, host: '', request: message(), response: null, timeline: [], messages: 0, problem: null })
      if (number % 50 === 0) console.log(number)
    }, 1)`
  const inWorker = `
    import { Worker } from 'node:worker_threads'
        new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(script)})))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', inWorker], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = 0
  child.stdout.on('data', (chunk: Buffer) => (told = Number(chunk.toString().trim().split('\n').at(-1))))
  while (told < 300) await within('numbers', once(child.stdout, 'data'))
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { book, log } = open(t, folder)
  const targets = [...book.newestFirst()].map(({ target }) => Number(target.slice(1))).reverse()
  t.same(
    targets,
    targets.map((_, i) => i),
    'without a gap',
  )
  t.ok(targets.length > 100, `${targets.length} of ${told}`)
  t.same(log.lines, [])
})

t.test('a file that another agent has: said once, and capture goes on; tried again when it is free', async (t) => {
  const folder = await temporaryFolder(t)
  const first = open(t, folder)
  first.add({ target: '/first' })
  const second = open(t, folder)
  t.equal(second.store.failing, true)
  for (let i = 0; i < 5; i++) second.add()
  t.equal(second.book.size, 5)
  t.match(second.log.lines, [
    {
      level: 'warn',
      fields: { code: 'UR_INSPECT_STORE', reason: 'UR_STORE_LOCKED' },
      message: /kept in memory only.*another process held its lock/,
    },
  ])
  first.store.close()
  second.store.close()
  t.match(second.log.lines, [{}, { level: 'info', message: /on disk again/ }])
  t.equal(open(t, folder).book.size, 6)
})

t.test('a file that is none of ours, and one of a newer version', async (t) => {
  const folder = await temporaryFolder(t)
  await writeFile(path.join(folder, 'exchanges.sqlite'), 'not a database, but long enough to be one'.repeat(100))
  const other = open(t, folder)
  other.add()
  t.match(other.log.lines, [{ fields: { code: 'UR_INSPECT_STORE', reason: 'UR_STORE_NOT_A_DATABASE' } }])
  other.store.close()
  const newer = path.join(folder, 'newer')
  await mkdir(newer)
  const handle = openHandle(path.join(newer, 'exchanges.sqlite'))
  handle.exec('pragma user_version = 9')
  handle.close()
  t.match(open(t, newer).log.lines, [{ fields: { reason: 'UR_STORE_NEWER' } }])
  const file = path.join(folder, 'file')
  await writeFile(file, '')
  await chmod(file, 0o600)
  const blocked = open(t, path.join(file, 'below'))
  blocked.add()
  t.match(blocked.log.lines, [{ fields: { code: 'UR_INSPECT_STORE' } }])
})

t.test('a full disk: said once, what was written is there, and goes on when there is room', mounting, async (t) => {
  const folder = smallDisk(t)
  const first = open(t, folder)
  first.add({ target: '/first' })
  first.store.close()
  const second = open(t, folder)
  const ballast = path.join(folder, 'ballast')
  spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=1k', 'count=2048'])
  for (let i = 0; i < 20; i++) second.add({ target: '/large', response: answer(200, [], 'x'.repeat(10_000)) })
  await eventually('the failure', async () => {
    if (!second.store.failing) throw new Error('not yet')
  })
  second.add({ target: '/more' })
  t.match(second.log.lines, [{ level: 'warn', fields: { reason: /^UR_STORE_(FULL|IO)$/ } }])
  t.equal(second.book.size, 22, 'capture goes on')
  await rm(ballast)
  second.store.close()
  t.equal(open(t, folder).book.size, 22)
})
