import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import pg from 'pg'
import tap, { type Test } from 'tap'
import { Secret } from '../../src/core/secret.js'
import { openStore, type PostgresStoreOptions } from '../../src/store/index.js'
import { Authority } from '../support/certificates.js'
import { eventually, within } from '../support/hang.js'
import { freePort, listen } from '../support/places.js'
import { Postgres } from '../support/postgres.js'
import { storeFor } from './support.js'

const t = tap
let postgres: Postgres
t.before(async () => {
  postgres = await Postgres.start(t)
})

const options = (url: string, more: Partial<PostgresStoreOptions> = {}) => ({ url: new Secret(url), ...more })
const storeError = (code: string, message: RegExp) => ({ name: 'StoreError', code, message })
const asRoot = { skip: process.getuid?.() === 0 ? (false as const) : 'only root can mount a file system of its own' }

/** A connection of somebody else, with a transaction open in it. */
async function otherSession(t: Test, url: string, ...statements: string[]): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  t.teardown(() => client.end())
  for (const each of ['begin', ...statements]) await client.query(each)
  return client
}

t.test('a server that is not there, has no address, or does not answer', async (t) => {
  const silent = net.createServer()
  const port = await listen(silent)
  t.teardown(() => silent.close())
  for (const url of [
    `postgres://u:hunter2@127.0.0.1:${await freePort()}/d`,
    'postgres://u:hunter2@nowhere.invalid/d',
    `postgres://u:hunter2@127.0.0.1:${port}/d`,
    'postgres://u:hunter2@%2Fnonexistent/d',
  ]) {
    const error = await openStore(options(url, { connectTimeoutMs: 200 })).catch((failure: unknown) => failure)
    t.match(error, storeError('UR_STORE_UNREACHABLE', /^The database postgres:\/\/u@.* cannot be reached.*What to do/))
    t.notMatch(inspect(error, { depth: 9 }), 'hunter2')
  }
})

t.test('a wrong password, and none', async (t) => {
  await postgres.createRole('ann', 'right')
  const url = (login: string) => postgres.address('postgres', login)
  const refused = storeError('UR_STORE_LOGIN', /refused user or password.*pg_hba\.conf/)
  const error = await openStore(options(url('ann:hunter2'))).catch((failure: unknown) => failure)
  t.match(error, refused)
  t.notMatch(inspect(error, { depth: 9 }), 'hunter2')
  await t.rejects(openStore(options(url('ann'))), refused)
  await t.rejects(openStore(options(url('nobody'))), refused)

  await postgres.query('create database anns owner ann')
  const { tokens } = await storeFor(t, options(postgres.address('anns', 'ann:right')))
  await tokens.create('a')
})

t.test('a database that does not exist, and one in which the user may do nothing', async (t) => {
  const missing = options(postgres.address('no_such_database'))
  await t.rejects(openStore(missing), storeError('UR_STORE_MISSING', /no_such_database.*createdb/))
  await postgres.createRole('bob', 'b')
  const denied = options(postgres.address('postgres', 'bob:b'))
  await t.rejects(openStore(denied), storeError('UR_STORE_DENIED', /lacks a right.*alter database NAME owner/))
})

t.test('a database with tables of another program is left alone; those in other schemas do not matter', async (t) => {
  const foreign = storeError('UR_STORE_NOT_A_DATABASE', /another program/)
  for (const table of ['tokens (a integer)', 'schema_version (installed_rank integer, version text)']) {
    const url = await postgres.freshDatabase()
    await postgres.query(`create table ${table}`, url)
    await t.rejects(openStore(options(url)), foreign, table)
    const tables = await postgres.query(`select tablename from pg_tables where schemaname = 'public'`, url)
    t.equal(tables.length, 1)
  }
  const url = await postgres.freshDatabase()
  await postgres.query('create schema other; create table other.tokens (a integer)', url)
  const { tokens } = await storeFor(t, options(url))
  await tokens.create('a')
})

t.test('a standby is read; it is written after it took over, by the same process', async (t) => {
  const url = await postgres.freshDatabase()
  const primary = await storeFor(t, options(url))
  await primary.tokens.create('a')
  const standby = await Postgres.startStandby(t, postgres)
  const { tokens } = await storeFor(t, options(standby.address(new URL(url).pathname.slice(1))))
  t.match(await tokens.list(), [{ name: 'a' }])
  const readOnly = storeError('UR_STORE_READ_ONLY', /as a standby can.*primary/)
  await t.rejects(tokens.create('b'), readOnly)
  await t.rejects(tokens.revoke('a'), readOnly)
  await standby.query('select pg_promote()')
  await tokens.create('b')
  t.ok((await tokens.revoke('a')).revokedAt)
})

t.test('a full disk, and room again', asRoot, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'uniroute-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'uniroute-test', dir])
  // the server, which ends with this file, keeps its tablespace for as long
  tap.teardown(() => {
    execFileSync('umount', ['-l', dir])
    rmdirSync(dir)
  })
  const { uid, gid } = statSync(postgres.data)
  chownSync(dir, uid, gid)
  await postgres.query(`create tablespace small location '${dir}'`)
  const url = await postgres.freshDatabase()
  const { tokens } = await storeFor(t, options(url))
  await tokens.create('before')
  await postgres.query('alter table tokens set tablespace small', url)
  writeFileSync(join(dir, 'ballast'), Buffer.alloc(400 * 1024))
  const created: string[] = []
  const fill = async () => {
    for (let i = 0; i < 5000; i++) created.push((await tokens.create(`n${i}`)).id)
  }
  await t.rejects(fill(), storeError('UR_STORE_FULL', /disk of the database server is full/))
  t.equal((await tokens.list()).length, 1 + created.length, 'what was reported as created is there')
  execFileSync('rm', [join(dir, 'ballast')])
  await tokens.create('after')
})

t.test('too many connections', async (t) => {
  await postgres.createRole('carl', 'c', 'connection limit 1')
  await postgres.query('create database carls owner carl')
  const url = postgres.address('carls', 'carl:c')
  const other = await otherSession(t, url)
  await t.rejects(openStore(options(url)), storeError('UR_STORE_CONNECTIONS', /too many connections.*max_connections/))
  await other.end()
  await eventually('a connection', async () => (await openStore(options(url, { connections: 1 }))).close())
})

t.test('a statement that waits too long', async (t) => {
  const url = await postgres.freshDatabase()
  const { tokens } = await storeFor(t, options(url, { statementTimeoutMs: 100 }))
  const other = await otherSession(t, url, 'lock table tokens')
  await t.rejects(tokens.list(), storeError('UR_STORE_TIMEOUT', /took longer.*pg_locks/))
  await t.rejects(tokens.revoke('a'), storeError('UR_STORE_TIMEOUT', /took longer/))
  await other.query('rollback')
  t.strictSame(await tokens.list(), [])
})

t.test('the other failures that have a code of their own', async (t) => {
  const url = await postgres.freshDatabase()
  const { tokens } = await storeFor(t, options(url))
  await postgres.query(
    `create sequence tries;
     create function fail() returns trigger language plpgsql as $$ begin
       perform nextval('tries');
       raise exception 'as the test says' using errcode = substr(new.name, 2);
     end $$;
     create trigger fails before insert on tokens for each row execute function fail()`,
    url,
  )
  const expected = {
    '40001': 'UR_STORE_CONFLICT',
    '40P01': 'UR_STORE_CONFLICT',
    '53100': 'UR_STORE_FULL',
    '55P03': 'UR_STORE_LOCKED',
    '58030': 'UR_STORE_IO',
    XX001: 'UR_STORE_CORRUPT',
    XX002: 'UR_STORE_CORRUPT',
    '57P01': 'UR_STORE_UNREACHABLE',
    '22012': 'UR_STORE_FAILED',
  }
  for (const [sqlstate, code] of Object.entries(expected)) {
    await postgres.query(`select setval('tries', 1)`, url)
    await t.rejects(tokens.create(`n${sqlstate}`), storeError(code, /as the test says/), sqlstate)
    const [row] = await postgres.query('select last_value from tries', url)
    t.equal(Number(row?.['last_value']) - 1, code === 'UR_STORE_CONFLICT' ? 8 : 1, `tries of ${sqlstate}`)
  }
})

/** Waits until a session waits for a lock. */
async function waits(session: string): Promise<void> {
  await eventually('the wait', async () => {
    const found = await postgres.query(`select 1 from pg_stat_activity where ${session} and wait_event_type = 'Lock'`)
    if (found.length === 0) throw new Error('not yet')
  })
}

t.test('closing waits for the query under way', async (t) => {
  const url = await postgres.freshDatabase()
  const store = await openStore(options(url))
  const other = await otherSession(t, url, 'lock table tokens')
  const order: string[] = []
  const writing = store.tokens.create('a').then(() => order.push('written'))
  await waits(`application_name = 'uniroutd' and datname = '${new URL(url).pathname.slice(1)}'`)
  const closing = store.close().then(() => order.push('closed'))
  await other.query('rollback')
  await Promise.all([writing, closing])
  t.strictSame(order, ['written', 'closed'])
})

t.test('a connection that dies is replaced, at rest and at work', async (t) => {
  const url = await postgres.freshDatabase()
  const { tokens } = await storeFor(t, options(url, { connections: 1 }))
  await tokens.create('a')
  const mine = `application_name = 'uniroutd' and datname = '${new URL(url).pathname.slice(1)}'`
  const kill = () => postgres.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where ${mine}`)
  t.equal((await kill()).length, 1)
  await eventually('a new connection', () => tokens.list())

  const other = await otherSession(t, url, 'lock table tokens')
  const waiting = t.rejects(tokens.list(), storeError('UR_STORE_UNREACHABLE', /administrator|terminated/))
  await waits(mine)
  await kill()
  await waiting
  await other.query('rollback')
  t.match(await tokens.list(), [{ name: 'a' }])
})

t.test('a server that answers no more in the middle is given up, and the next query asks anew', async (t) => {
  const url = await postgres.freshDatabase()
  const { tokens } = await storeFor(t, options(url, { connections: 1, statementTimeoutMs: 100 }))
  await tokens.create('a')
  const mine = `select pid from pg_stat_activity where datname = '${new URL(url).pathname.slice(1)}'`
  const [session] = await postgres.query(mine)
  const pid = Number(session?.['pid'])
  process.kill(pid, 'SIGSTOP')
  t.teardown(() => process.kill(pid, 'SIGCONT'))
  await t.rejects(tokens.list(), storeError('UR_STORE_UNREACHABLE', /Query read timeout/))
  t.match(await tokens.list(), [{ name: 'a' }])
})

t.test('never more connections than it may have', async (t) => {
  const url = await postgres.freshDatabase()
  const { tokens } = await storeFor(t, options(url, { connections: 3 }))
  await Promise.all(Array.from({ length: 50 }, (_, i) => tokens.create(`n${i}`)))
  const count = `select 1 from pg_stat_activity where datname = '${new URL(url).pathname.slice(1)}'`
  t.equal((await postgres.query(count)).length, 3)
})

t.test(
  'a server that is killed among 1000 writes has lost none that it told of, and is found when it is back',
  async (t) => {
    const mine = await Postgres.start(t)
    const { tokens } = await storeFor(t, options(await mine.freshDatabase()))
    const told: string[] = []
    const away = storeError('UR_STORE_UNREACHABLE', /cannot be reached/)
    const write = async (lane: number) => {
      for (let i = 0; i < 250; i++) {
        told.push((await tokens.create(`n${lane}-${i}`)).id)
        if (told.length === 400) mine.process.kill('SIGKILL')
      }
    }
    await Promise.all([0, 1, 2, 3].map((lane) => t.rejects(write(lane), away)))
    await mine.process.exit
    t.ok(told.length >= 400 && told.length < 1000, `${told.length} were told of`)
    await t.rejects(tokens.list(), away)
    await t.rejects(tokens.revoke('n0-0'), away)
    await mine.launch()
    const there = new Set((await tokens.list()).map(({ id }) => id))
    t.strictSame(
      told.filter((id) => !there.has(id)),
      [],
    )
    t.ok((await tokens.revoke('n0-0')).revokedAt)
  },
)

t.test('TLS: encrypted, verified when asked for, and told apart from a server that is away', async (t) => {
  const url = (await postgres.freshDatabase()).replace('127.0.0.1', 'localhost')
  const wrongTls = storeError('UR_STORE_TLS', /TLS with it failed.*sslrootcert/)
  await t.rejects(openStore(options(`${url}?sslmode=require`)), wrongTls, 'it speaks none')
  const authority = await Authority.create(t, 'the authority of the database')
  const other = await Authority.create(t, 'another authority')
  await postgres.enableTls(await authority.issue(['localhost']))
  await storeFor(t, options(`${url}?sslmode=verify-full&sslrootcert=${authority.ca}`))
  const used = `select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'uniroutd'
    and datname = '${new URL(url).pathname.slice(1)}'`
  t.strictSame(await postgres.query(used), [{ ssl: true }])
  await t.rejects(openStore(options(`${url}?sslmode=verify-full&sslrootcert=${other.ca}`)), wrongTls)
  await t.rejects(openStore(options(`${url}?sslmode=verify-full`)), wrongTls)
  const misnamed = `${url.replace('localhost', '127.0.0.1')}?sslrootcert=${authority.ca}&sslmode=`
  await t.rejects(openStore(options(`${misnamed}verify-full`)), wrongTls)
  await storeFor(t, options(`${misnamed}verify-ca`))
  await storeFor(t, options(`${url}?sslmode=require`))
  const noFile = openStore(options(`${url}?sslmode=verify-full&sslrootcert=/nonexistent`))
  await within('the answer', t.rejects(noFile, { name: 'ConfigError', code: 'UR_STORE_URL', message: /nonexistent/ }))
})
