import { execFileSync, spawnSync } from 'node:child_process'
import {
  chownSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import t from 'tap'
import { backupStore, openStore, tokenHash } from '../../src/store/index.js'
import { mounting, smallDisk, unlessRoot } from '../support/small-disk.js'
import { outputOf, scriptOn, storeFor } from './support.js'

const giving = { skip: unlessRoot('give a folder to another user') }

t.test('a full disk is UR_STORE_FULL, loses nothing, and is over when there is room again', mounting, async (t) => {
  const dir = smallDisk(t)
  const ballast = join(dir, 'ballast')
  const { tokens } = await storeFor(t, { file: join(dir, 'uniroute.db') })
  const { token } = await tokens.create('before')
  spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=1k', 'count=2048'])
  const created: string[] = []
  const error = await fillUp(async (i) => created.push((await tokens.create(`n${i}`)).token))
  t.match(error, { name: 'StoreError', code: 'UR_STORE_FULL', message: /disk is full.*free some space/ })
  t.match(await tokens.findByHash(tokenHash(token)), { name: 'before' }, 'reads go on')
  t.equal((await tokens.list()).length, 1 + created.length, 'what was reported as created is there')
  rmSync(ballast)
  await tokens.create('after')
  t.equal((await tokens.list()).length, 2 + created.length)
})

t.test(
  'a backup onto a full disk names it, says what to do, and leaves nothing; the database goes on',
  mounting,
  async (t) => {
    const file = join(t.testdir({}), 'uniroute.db')
    const dir = smallDisk(t)
    const store = await openStore({ file })
    t.teardown(() => store.close())
    await store.tokens.create('a')
    writeFileSync(join(dir, 'filling'), Buffer.alloc(1024 * 1024 - 8 * 4096))
    const target = join(dir, 'backup.db')
    const message = new RegExp(
      `^The database ${target}\\S* could not be used: the disk is full .*What to do: free some space`,
    )
    await t.rejects(backupStore({ file }, target), { name: 'StoreError', code: 'UR_STORE_FULL', message })
    t.strictSame(readdirSync(dir), ['filling'], 'no half of a backup stays')
    await store.tokens.create('b')
    rmSync(join(dir, 'filling'))
    t.match(await backupStore({ file }, target), { bytes: Number })
  },
)

t.test('a full disk at the first start', mounting, async (t) => {
  const dir = smallDisk(t)
  spawnSync('dd', ['if=/dev/zero', `of=${join(dir, 'ballast')}`, 'bs=1k', 'count=2048'])
  await t.rejects(openStore({ file: join(dir, 'uniroute.db') }), { name: 'StoreError', code: 'UR_STORE_FULL' })
})

t.test('a limit on the file size is an explained StoreError and leaves the database whole', async (t) => {
  const file = join(t.testdir({}), 'uniroute.db')
  const script = `${scriptOn({ file })}
    import { execFileSync } from 'node:child_process'
    const { tokens } = await openStore(options)
    process.on('SIGXFSZ', () => {})
    execFileSync('prlimit', ['--pid', process.pid, '--fsize=300000:'])
    try { for (let i = 0; i < 10000; i++) await tokens.create('n' + i) } catch (error) {
      console.log(JSON.stringify({ name: error.name, code: error.code, count: (await tokens.list()).length }))
    }`
  const seen = JSON.parse(await outputOf(script)) as { name: string; code: string; count: number }
  t.match(seen, { name: 'StoreError', code: /^UR_STORE_(FULL|IO)$/ })
  const { tokens } = await storeFor(t, { file })
  t.equal((await tokens.list()).length, seen.count)
})

t.test('a file system that is read-only', mounting, async (t) => {
  const elsewhere = join(t.testdir({}), 'uniroute.db')
  const store = await openStore({ file: elsewhere })
  await store.tokens.create('a')
  await store.close()
  const dir = smallDisk(t, (disk) => {
    copyFileSync(elsewhere, join(disk, 'uniroute.db'))
    execFileSync('mount', ['-o', 'remount,ro', disk])
  })
  const error = { name: 'StoreError', code: 'UR_STORE_READ_ONLY', message: /read-write/ }
  await t.rejects(openStore({ file: join(dir, 'new.db') }), error)
  await t.rejects(openStore({ file: join(dir, 'newdir', 'new.db') }), { name: 'StoreError' })
  await t.rejects(openStore({ file: join(dir, 'uniroute.db') }), error)
})

t.test('a folder without write permission', async (t) => {
  const script = `${scriptOn({ file: '/etc/uniroute-test/uniroute.db' })}
    if (process.getuid() === 0) process.seteuid(65534)
    try { await openStore(options) } catch (error) {
      console.log(JSON.stringify({ name: error.name, code: error.code, message: error.message }))
    }
    if (process.getuid() === 0) process.seteuid(0)`
  t.match(JSON.parse(await outputOf(script)), {
    name: 'StoreError',
    code: 'UR_STORE_CANNOT_OPEN',
    message: /may write in it/,
  })
})

t.test('a path where a file stands in for the folder, and a folder for the file', async (t) => {
  const dir = t.testdir({ file: 'x', folder: {} })
  await t.rejects(openStore({ file: join(dir, 'file', 'uniroute.db') }), { code: 'UR_STORE_CANNOT_OPEN' })
  await t.rejects(openStore({ file: join(dir, 'folder') }), { code: 'UR_STORE_CANNOT_OPEN' })
})

t.test('a file that is no database is left as it was', async (t) => {
  const text = 'dear diary, '.repeat(500)
  const file = join(t.testdir({ 'uniroute.db': text }), 'uniroute.db')
  await t.rejects(openStore({ file }), { name: 'StoreError', code: 'UR_STORE_NOT_A_DATABASE', message: /move it away/ })
  t.equal(readFileSync(file, 'utf8'), text)
})

t.test("another program's database is left as it was", async (t) => {
  const file = join(t.testdir({}), 'uniroute.db')
  const other = new Database(file)
  other.exec('create table recipes (name text)')
  other.close()
  const before = readFileSync(file)
  await t.rejects(openStore({ file }), { code: 'UR_STORE_NOT_A_DATABASE', message: /another program/ })
  t.ok(readFileSync(file).equals(before))
})

t.test('a damaged file: at the start, and while it is open', async (t) => {
  const file = join(t.testdir({}), 'uniroute.db')
  const store = await openStore({ file })
  for (let i = 0; i < 300; i++) await store.tokens.create(`token-${i}`)
  await store.close()
  const whole = readFileSync(file)
  const damaged = Buffer.from(whole)
  damaged.fill(0x41, 4096, damaged.length)
  writeFileSync(file, damaged)
  const use = async (): Promise<unknown> => {
    const opened = await openStore({ file })
    return opened.tokens.list().finally(() => opened.close())
  }
  await t.rejects(use(), { name: 'StoreError', code: 'UR_STORE_CORRUPT', message: /backup/ })

  writeFileSync(file, whole)
  truncateSync(file, 4096 * 3)
  await t.rejects(use(), { name: 'StoreError', code: 'UR_STORE_CORRUPT' })
})

t.test('an empty file becomes a database, and a file open to others becomes private', async (t) => {
  const file = join(t.testdir({ 'uniroute.db': '' }), 'uniroute.db')
  await storeFor(t, { file })
  t.equal(statSync(file).mode & 0o777, 0o600)
})

t.test('a file that root makes belongs to the owner of the folder', giving, async (t) => {
  const dir = t.testdir({})
  chownSync(dir, 12345, 12346)
  const file = join(dir, 'uniroute.db')
  await storeFor(t, { file })
  for (const each of [file, `${file}-wal`, `${file}-shm`]) t.match(statSync(each), { uid: 12345, gid: 12346 }, each)
})

t.test(
  'a file that is deleted or replaced while it is open is noticed, and is good again when it is put back',
  async (t) => {
    const dir = t.testdir({ data: {}, elsewhere: {} })
    const file = join(dir, 'data', 'uniroute.db')
    const { tokens } = await storeFor(t, { file })
    const { token } = await tokens.create('a')
    const gone = { name: 'StoreError', code: 'UR_STORE_GONE', message: /deleted or replaced.*restart the server/ }
    renameSync(join(dir, 'data'), join(dir, 'elsewhere', 'data'))
    await t.rejects(tokens.findByHash(tokenHash(token)), gone)
    await t.rejects(tokens.create('b'), gone)
    const other = await openStore({ file })
    await other.tokens.create('c')
    await other.close()
    await t.rejects(tokens.revokedSince(0), gone, 'another database in its place')
    rmSync(join(dir, 'data'), { recursive: true })
    renameSync(join(dir, 'elsewhere', 'data'), join(dir, 'data'))
    t.match(await tokens.findByHash(tokenHash(token)), { name: 'a' })
    t.equal((await tokens.list()).length, 1)
  },
)

async function fillUp(write: (i: number) => Promise<unknown>): Promise<unknown> {
  for (let i = 0; i < 10_000; i++) {
    try {
      await write(i)
    } catch (error) {
      return error
    }
  }
  return null
}
