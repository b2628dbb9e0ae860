import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import path, { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Database from 'libsql'
import type { Test } from 'tap'
import { Secret } from '../../src/core/secret.js'
import { openStore, type Store, type StoreOptions } from '../../src/store/index.js'
import { ensureBuilt } from '../support/build.js'
import { ROOT } from '../support/places.js'
import { Postgres } from '../support/postgres.js'
import { must, Process } from '../support/processes.js'

/** A store that closes with the test. */
export async function storeFor(t: Test, options: StoreOptions): Promise<Store> {
  const store = await openStore(options)
  t.teardown(() => store.close())
  return store
}

/** A kind of database, as a test sees it. */
export interface TestDatabases {
  readonly kind: 'sqlite' | 'postgres'
  /** A new, empty database for this test alone. */
  fresh(t: Test): Promise<StoreOptions>
  /** Runs statements past the store. */
  execute(options: StoreOptions, statements: string): Promise<void>
}

/**
 * Runs the same tests on SQLite and on a real PostgreSQL, which serves the whole test file.
 * `body` adds them to the test that it is given.
 */
export function onEachDatabase(t: Test, body: (t: Test, databases: TestDatabases) => void): void {
  t.test('on SQLite', async (t) => {
    const fresh = async (t: Test): Promise<StoreOptions> => ({ file: join(t.testdir({}), 'data', 'uniroute.db') })
    body(t, { kind: 'sqlite', fresh, execute: executeInFile })
  })
  t.test('on PostgreSQL', async (t) => {
    const postgres = await Postgres.start(t)
    const fresh = async (): Promise<StoreOptions> => ({ url: new Secret(await postgres.freshDatabase()) })
    const execute = async (options: StoreOptions, statements: string): Promise<void> => {
      if ('url' in options) await postgres.query(statements, options.url.reveal())
    }
    body(t, { kind: 'postgres', fresh, execute })
  })
}

async function executeInFile(options: StoreOptions, statements: string): Promise<void> {
  if (!('file' in options)) return
  mkdirSync(dirname(options.file), { recursive: true })
  const database = new Database(options.file)
  database.exec(statements)
  database.close()
}

const dist = (module: string): string => JSON.stringify(pathToFileURL(path.join(ROOT, 'dist', module)).href)

/** The head of a script for another process: the store's functions, and the `options` of a database. */
export function scriptOn(options: StoreOptions): string {
  const literal =
    'file' in options ? JSON.stringify(options) : `{ url: new Secret(${JSON.stringify(options.url.reveal())}) }`
  return `
    import { backupStore, migrateStore, openStore, restoreStore } from ${dist('store/index.js')}
    import { Secret } from ${dist('core/secret.js')}
    const options = ${literal}`
}

/** Another process that runs a script over what is built, as users have it. */
export async function startScript(script: string, ...args: string[]): Promise<Process> {
  await ensureBuilt()
  return new Process('script', process.execPath, ['--input-type=module', '-e', script, ...args])
}

/** What a script in another process prints. */
export async function outputOf(script: string, ...args: string[]): Promise<string> {
  await ensureBuilt()
  return (await must(process.execPath, ['--input-type=module', '-e', script, ...args])).out
}

export interface LockHolder {
  release(): Promise<void>
}

/** Another process that holds the write lock of a database until released. */
export async function lockFromOutside(t: Test, file: string): Promise<LockHolder> {
  const script = `
    const Database = require('libsql')
    const database = new Database(${JSON.stringify(file)}, { timeout: 5000 })
    database.exec('begin exclusive')
    process.stdin.on('end', () => { database.exec('rollback'); process.exit(0) }).resume()
    process.stdout.write('locked')`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const release = async (): Promise<void> => {
    child.stdin.end()
    await exited
  }
  t.teardown(release)
  await once(child.stdout, 'data')
  return { release }
}
