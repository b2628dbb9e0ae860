import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { ExecProvider } from '../../../src/certs/dns/exec.js'
import { eventually } from '../../support/hang.js'
import { temporaryFolder } from '../../support/places.js'

const NAME = '_acme-challenge.example.com'
const signal = new AbortController().signal

async function hookWith(t: Test, script: string, mode = 0o755) {
  const folder = await temporaryFolder(t)
  const hook = path.join(folder, 'hook')
  await writeFile(hook, script)
  await chmod(hook, mode)
  const provider = (timeoutMs = 10_000, graceMs = 10_000) =>
    new ExecProvider({ hook, environment: { SECRET_OF_HOOK: 's3cret', FOLDER: folder }, timeoutMs, graceMs })
  return { folder, hook, provider }
}

const sh = (...lines: string[]): string => ['#!/bin/sh', ...lines, ''].join('\n')

/** Whether a process is there and is no zombie. */
async function isRunning(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/\) [ZX] /.test(stat)
}

async function gone(folder: string, name: string): Promise<void> {
  const pid = (await readFile(path.join(folder, name), 'utf8')).trim()
  await eventually(`process ${pid} to end`, async () => {
    if (await isRunning(pid)) throw new Error('it runs')
  })
}

t.test('a hook gets what lego hooks get, and the same in its environment', async (t) => {
  process.env['UNIROUTE_TEST_SECRET'] = 'of the server'
  t.teardown(() => delete process.env['UNIROUTE_TEST_SECRET'])
  const { folder, provider } = await hookWith(t, sh('echo "$#|$1|$2|$3" >> "$FOLDER/args"', 'env >> "$FOLDER/env"'))
  await provider().addTxt(NAME, '-va lue', signal)
  await provider().removeTxt(NAME, 'value', signal)
  const args = await readFile(path.join(folder, 'args'), 'utf8')
  t.equal(args, `3|present|${NAME}.|-va lue\n3|cleanup|${NAME}.|value\n`)
  const env = await readFile(path.join(folder, 'env'), 'utf8')
  for (const line of [
    `UNIROUTE_DNS_NAME=${NAME}.`,
    'UNIROUTE_DNS_ACTION=cleanup',
    'UNIROUTE_DNS_VALUE=-va lue',
    'PATH=',
  ]) {
    t.match(env, line)
  }
  t.match(env, 'SECRET_OF_HOOK=s3cret')
  t.notMatch(env, 'UNIROUTE_TEST_SECRET', 'and nothing else of the server')
})

t.test('one run at a time, also after one that failed', async (t) => {
  const script = sh('mkdir "$FOLDER/lock" || exit 9', 'sleep 0.05', 'rmdir "$FOLDER/lock"', 'test "$3" != bad')
  const { provider } = await hookWith(t, script)
  const dns = provider()
  const results = await Promise.allSettled(['a', 'bad', 'c', 'd'].map((value) => dns.addTxt(NAME, value, signal)))
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  )
  t.match(results[1], { reason: { message: /failed with exit code 1/ } })
})

t.test('a hook that fails', async (t) => {
  const { hook, provider } = await hookWith(t, sh('echo one; echo; printf "two \\033[31m\\n" >&2', 'exit 3'))
  await t.rejects(provider().addTxt(NAME, 'v', signal), {
    code: 'UR_DNS_HOOK',
    message: `${hook} present ${NAME}. failed with exit code 3; its last lines: one | two \\u001b[31m`,
  })
  const silent = await hookWith(t, sh('exit 1'))
  await t.rejects(silent.provider().removeTxt(NAME, 'v', signal), {
    message: /cleanup _acme-challenge\.example\.com\. failed with exit code 1; it printed nothing$/,
  })
  const killed = await hookWith(t, sh('kill -KILL $$'))
  await t.rejects(killed.provider().addTxt(NAME, 'v', signal), { code: 'UR_DNS_HOOK', message: /was ended by SIGKILL/ })
})

t.test('a hook that hangs is ended, with all that it started', async (t) => {
  const start = 'sleep 600 & echo $! > "$FOLDER/child"; echo $$ > "$FOLDER/self"; echo waiting'
  const polite = await hookWith(
    t,
    sh('(trap "" TERM; exec sleep 600) & echo $! > "$FOLDER/child"', 'echo waiting', 'wait'),
  )
  await t.rejects(polite.provider(500).addTxt(NAME, 'v', signal), {
    code: 'UR_DNS_HOOK_TIMEOUT',
    message: /did not end within 500 ms, and was killed; its last lines: waiting$/,
  })
  await gone(polite.folder, 'child')
  const deaf = await hookWith(t, sh('trap "" TERM', start, 'while :; do sleep 0.1; done'))
  await t.rejects(deaf.provider(500, 200).addTxt(NAME, 'v', signal), { code: 'UR_DNS_HOOK_TIMEOUT' })
  await gone(deaf.folder, 'self')
  await gone(deaf.folder, 'child')
})

t.test('a hook that is no longer wanted', async (t) => {
  const { folder, provider } = await hookWith(
    t,
    sh('echo $$ > "$FOLDER/new"; mv "$FOLDER/new" "$FOLDER/self"', 'sleep 600'),
  )
  const reason = new Error('stopped')
  const controller = new AbortController()
  const dns = provider()
  const running = dns.addTxt(NAME, 'v', controller.signal)
  const waiting = dns.addTxt(NAME, 'v', controller.signal)
  await eventually('the hook to start', () => readFile(path.join(folder, 'self')))
  controller.abort(reason)
  await t.rejects(running, reason)
  await t.rejects(waiting, reason, 'the next one is not begun')
  await gone(folder, 'self')
})

t.test('a hook that prints without end', async (t) => {
  const loud = await hookWith(
    t,
    sh('head -c 300000000 /dev/zero', 'head -c 3000 /dev/urandom', 'echo; echo last', 'exit 2'),
  )
  const before = process.memoryUsage().rss
  const error: unknown = await loud
    .provider(60_000)
    .addTxt(NAME, 'v', signal)
    .catch((error: unknown) => error)
  t.match(error, { message: /failed with exit code 2; its last lines: .* \| last$/s })
  t.ok((error as Error).message.length < 8 * 6 * 200, `${(error as Error).message.length} characters`)
  const growth = process.memoryUsage().rss - before
  t.ok(growth < 100e6, `300 MB were printed, memory grew by ${growth} bytes`)
})

t.test('a hook that leaves something behind that keeps its output open', async (t) => {
  const { folder, provider } = await hookWith(
    t,
    sh('sleep 600 & echo $! > "$FOLDER/child"', 'exit $(test "$1" = cleanup; echo $?)'),
  )
  t.teardown(async () => {
    process.kill(Number(await readFile(path.join(folder, 'child'), 'utf8')))
  })
  await t.rejects(provider(60_000).addTxt(NAME, 'v', signal), { message: /exit code 1; it printed nothing/ })
  process.kill(Number(await readFile(path.join(folder, 'child'), 'utf8')))
  await provider(60_000).removeTxt(NAME, 'v', signal)
  t.ok(await isRunning((await readFile(path.join(folder, 'child'), 'utf8')).trim()), 'it goes on')
})

t.test('a hook that cannot be run', async (t) => {
  const { folder } = await hookWith(t, '')
  const run = (hook: string) =>
    new ExecProvider({ hook, environment: {}, timeoutMs: 10_000, graceMs: 100 }).addTxt(NAME, 'v', signal)
  await t.rejects(run(path.join(folder, 'missing')), { code: 'UR_DNS_HOOK', message: /there is no such file/ })
  await t.rejects(run(folder), { code: 'UR_DNS_HOOK', message: /it is not executable/ })
  const noShebang = await hookWith(t, 'no program')
  await t.rejects(run(noShebang.hook), { code: 'UR_DNS_HOOK', message: /it is no program|exit code 127/ })
  const plain = await hookWith(t, sh('true'), 0o644)
  await t.rejects(run(plain.hook), { code: 'UR_DNS_HOOK', message: /it is not executable for this user \(chmod \+x\)/ })
  const noInterpreter = await hookWith(t, '#!/no/such/interpreter\n')
  await t.rejects(run(noInterpreter.hook), { code: 'UR_DNS_HOOK', message: /or not the interpreter/ })
  t.throws(() => new ExecProvider({ hook: 'hook', environment: {}, timeoutMs: 1, graceMs: 1 }), {
    code: 'UR_DNS_OPTION',
  })
})
