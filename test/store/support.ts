import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { openStore, type Store, type StoreOptions } from '../../src/store/index.js'

/** A store that closes with the test. */
export async function storeFor(t: Test, options: StoreOptions): Promise<Store> {
  const store = await openStore(options)
  t.teardown(() => store.close())
  return store
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
