import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import t, { type Test } from 'tap'
import { type Backup, type Restored, SCHEMA_VERSION } from '../../src/store/index.js'
import { lockFromOutside, outputOf, scriptOn, startScript } from './support.js'

const folderFor = (t: Test): { folder: string; file: string } => {
  const folder = t.testdir({})
  return { folder, file: join(folder, 'data', 'uniroute.db') }
}

/**
 * What an expression over `options` gives in another process, where it throws too: as with the commands, everything is
 * closed afterwards. libsql keeps a file open until its statements are collected.
 */
async function elsewhere<T>(file: string, expression: string, ...args: string[]): Promise<T> {
  const script = `${scriptOn({ file })}
    const [, argument] = process.argv
    const work = async () => ${expression}
    work().then(
      (value) => console.log(JSON.stringify({ value })),
      ({ name, code, message }) => console.log(JSON.stringify({ error: { name, code, message } })),
    )`
  const { value, error } = JSON.parse(await outputOf(script, ...args)) as { value: T; error?: Error }
  if (error) throw Object.assign(new Error(error.message), error)
  return value
}

const namesIn = (file: string) =>
  elsewhere<string[]>(file, '(await (await openStore(options)).tokens.list()).map(({ name }) => name)')
/** Makes tokens of these names. */
const fill = (file: string, ...names: string[]) =>
  elsewhere(
    file,
    '{ const { tokens } = await openStore(options); for (const name of argument.split(" ")) await tokens.create(name) }',
    names.join(' '),
  )
const backup = (file: string, target: string) => elsewhere<Backup>(file, 'backupStore(options, argument)', target)
const restore = (file: string, source: string) => elsewhere<Restored>(file, 'restoreStore(options, argument)', source)

t.test('a backup holds what was written before it, while another process goes on writing', async (t) => {
  const { folder, file } = folderFor(t)
  const script = `${scriptOn({ file })}
    const { tokens } = await openStore(options)
    for (let i = 0; ; i++) { await tokens.create('n' + i); console.log(i) }`
  const writer = await startScript(script)
  t.teardown(() => writer.stop('SIGKILL'))
  await writer.line(/^0$/)
  for (let round = 0; round < 3; round++) {
    const before = writer.out.length
    const target = join(folder, `backup-${round}.db`)
    t.strictSame(await backup(file, target), { version: SCHEMA_VERSION, bytes: statSync(target).size })
    t.equal(statSync(target).mode & 0o777, 0o600)
    const names = await namesIn(target)
    t.ok(names.length >= before, `${names.length} of at least ${before}`)
    t.strictSame(new Set(names), new Set(names.map((_, i) => `n${i}`)), 'one moment, without a gap')
  }
  t.equal(writer.ending, null, 'the writer was not disturbed')
  t.strictSame(
    readdirSync(folder).filter((name) => name.includes('partial')),
    [],
  )
})

t.test('a backup overwrites nothing, and leaves nothing behind when it fails', async (t) => {
  const { folder, file } = folderFor(t)
  await fill(file, 'a')
  const target = join(folder, 'there')
  writeFileSync(target, 'precious')
  await t.rejects(backup(file, target), { name: 'StoreError', code: 'UR_BACKUP_EXISTS', message: /new file/ })
  t.equal(readFileSync(target, 'utf8'), 'precious')
  await t.rejects(backup(file, join(folder, 'none', 'x')), { code: 'UR_STORE_CANNOT_OPEN' })
  await t.rejects(backup(join(folder, 'none.db'), join(folder, 'x')), { code: 'UR_STORE_CANNOT_OPEN' })
  t.strictSame(readdirSync(folder).sort(), ['data', 'there'])
  const another = join(folder, 'x.partial')
  writeFileSync(another, 'of somebody else')
  await backup(file, join(folder, 'x'))
  t.equal(readFileSync(another, 'utf8'), 'of somebody else')
})

t.test('a backup comes back, the database before is kept, and both are whole', async (t) => {
  const { folder, file } = folderFor(t)
  await fill(file, 'a')
  const saved = join(folder, 'backup.db')
  await backup(file, saved)
  await fill(file, 'b', 'c')
  const { version, kept } = await restore(file, saved)
  t.equal(version, SCHEMA_VERSION)
  const left = [file, kept ?? ''].map((path) => path.slice(path.lastIndexOf('/') + 1))
  t.strictSame(readdirSync(join(folder, 'data')).sort(), left, 'nothing else is left')
  t.strictSame(await namesIn(file), ['a'])
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.strictSame((await namesIn(kept ?? '')).sort(), ['a', 'b', 'c'])
  const elsewhere = join(folder, 'new', 'uniroute.db')
  t.match(await restore(elsewhere, saved), { kept: null })
  t.strictSame(await namesIn(elsewhere), ['a'])
})

t.test('a database that another process has open, or has locked, is not replaced', async (t) => {
  const { folder, file } = folderFor(t)
  await fill(file, 'a')
  const saved = join(folder, 'backup.db')
  await backup(file, saved)
  const before = statSync(file).ino
  const inUse = { name: 'StoreError', code: 'UR_STORE_IN_USE', message: /stop the server/ }
  const script = `${scriptOn({ file })}
    await openStore(options)
    console.log('open')
    setInterval(() => {}, 1000)`
  const holder = await startScript(script)
  await holder.line(/^open$/)
  await t.rejects(restore(file, saved), inUse)
  await holder.stop('SIGKILL')
  const lock = await lockFromOutside(t, file)
  await t.rejects(restore(file, saved), inUse)
  await lock.release()
  t.equal(statSync(file).ino, before)
  await restore(file, saved)
  t.not(statSync(file).ino, before)
})

t.test('a damaged database is replaced, and its log is moved with it', async (t) => {
  const { folder, file } = folderFor(t)
  await fill(file, 'a')
  const saved = join(folder, 'backup.db')
  await backup(file, saved)
  for (const garbage of [Buffer.from('no database at all'.repeat(99)), readFileSync(file).fill(0x41, 200)]) {
    writeFileSync(file, garbage)
    writeFileSync(`${file}-wal`, 'left behind')
    const { kept } = await restore(file, saved)
    t.ok(readFileSync(kept ?? '').equals(garbage))
    t.equal(readFileSync(`${kept}-wal`, 'utf8'), 'left behind')
    t.strictSame(await namesIn(file), ['a'])
  }
})

t.test('what is no good backup is refused, and nothing is changed', async (t) => {
  const { folder, file } = folderFor(t)
  await fill(file, ...Array.from({ length: 200 }, (_, i) => `n${i}`))
  const saved = join(folder, 'backup.db')
  await backup(file, saved)
  const bad = join(folder, 'bad')
  mkdirSync(bad)
  const variant = (name: string, change: (copy: string) => void): string => {
    const copy = join(bad, name)
    copyFileSync(saved, copy)
    change(copy)
    return copy
  }
  const execute = (statement: string) => (copy: string) => {
    const database = new Database(copy)
    database.exec(statement)
    database.close()
  }
  const cases = [
    ['UR_STORE_CANNOT_OPEN', join(folder, 'none')],
    ['UR_STORE_NOT_A_DATABASE', variant('text', (copy) => writeFileSync(copy, 'dear diary, '.repeat(500)))],
    ['UR_STORE_NOT_A_DATABASE', variant('empty', (copy) => writeFileSync(copy, ''))],
    ['UR_STORE_NOT_A_DATABASE', variant('other', execute('pragma application_id = 7'))],
    ['UR_STORE_NEWER', variant('newer', execute(`update schema_version set version = ${SCHEMA_VERSION + 1}`))],
    ['UR_STORE_CORRUPT', variant('cut', (copy) => truncateSync(copy, 3 * 4096))],
    ['UR_STORE_CORRUPT', variant('holes', (copy) => writeFileSync(copy, readFileSync(copy).fill(0x41, 3 * 4096)))],
  ] as const
  const tryAll = `{
    const errors = []
    for (const source of JSON.parse(argument)) {
      const { name, code, message } = await restoreStore(options, source).catch((error) => error)
      errors.push({ name, code, message })
    }
    return errors
  }`
  const errors = await elsewhere<unknown[]>(file, tryAll, JSON.stringify(cases.map(([, source]) => source)))
  t.equal(errors.length, cases.length)
  cases.forEach(([code, source], i) => {
    t.match(errors[i], { name: 'StoreError', code, message: new RegExp(source) }, source)
  })
  t.equal((await namesIn(file)).length, 200)
  t.strictSame(
    readdirSync(join(folder, 'data')).filter((name) => !/-(wal|shm)$/.test(name)),
    ['uniroute.db'],
  )
})
