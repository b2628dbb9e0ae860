import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { writeHar } from '../../../src/inspector/files/har-write.js'
import { recordingOf } from '../../../src/inspector/files/recording.js'
import { answer, message } from '../../inspector/messages.js'
import { exchange } from '../../inspector/support.js'
import { ensureBuilt } from '../../support/build.js'
import { upstream } from '../../support/http-upstream.js'
import { freePort, temporaryFolder } from '../../support/places.js'
import { BIN } from '../../support/product.js'
import { run } from '../../support/processes.js'

t.before(() => ensureBuilt())

const replay = (...args: string[]) => run(process.execPath, [BIN.uniroute, 'replay', ...args])

const JSON_TYPE = ['Content-Type', 'application/json']

async function suite(t: Test): Promise<string> {
  const file = path.join(await temporaryFolder(t), 'shop.har')
  const of = (target: string, body: string) =>
    recordingOf(
      exchange('0194f1b2c3400001', {
        method: 'POST',
        target,
        request: message([], '{}'),
        response: answer(200, JSON_TYPE, body),
      }),
    )
  await writeFile(file, writeHar([of('/a', '{"id":1,"at":"x"}'), of('/b', '{"id":2,"token":"[redacted]"}')]))
  return file
}

/** An upstream that answers as in the suite, but for what is given. */
async function shop(t: Test, other: object = {}, status = 200) {
  return upstream(t, (request, response) => {
    const all = request.url === '/a' ? { id: 1, at: 'y', ...other } : { id: 2, token: 'sk_live_0123456789abcdefghij' }
    response.writeHead(request.url === '/a' ? status : 200, { 'Content-Type': 'application/json', 'X-New': '1' })
    response.end(JSON.stringify(all))
  })
}

t.test('answers that are the same, and what is said not to count', async (t) => {
  const [file, { port }] = await Promise.all([suite(t), shop(t)])
  const ignoring = ['--ignore-header', 'X-New', '--ignore-json', '/at']
  const good = await replay(file, '--upstream', String(port), '--fail-on-diff', ...ignoring)
  t.match(good, { code: 0, err: '', out: /2 same, 0 different, 0 without an answer\n?$/ })
  t.match(good.out, /^NUMBER\s+METHOD\s+TARGET\s+STATUS\s+RESULT\n1\s+POST\s+\/a\s+200\s+same\n/)
})

t.test('answers that differ: each difference, and exit code 1 only where it is asked for', async (t) => {
  const [file, { port }] = await Promise.all([suite(t), shop(t, { id: 7, new: ['\u202e\u001b[2J'] }, 500)])
  const told = await replay(file, '--upstream', String(port))
  t.match(told, { code: 0, out: /0 same, 2 different/ })
  for (const line of [
    '1 POST /a',
    '  status: 200 -> 500',
    '  field x-new: added "1"',
    '  json /id: 1 -> 7',
    '  json /at: "x" -> "y"',
    String.raw`  json /new: added ["\u202e\u001b[2J"]`,
  ]) {
    t.ok(told.out.includes(`\n${line}\n`), line)
  }
  t.notMatch(told.out, /\u001b|\u202e/, 'nothing of it moves the cursor')
  t.notMatch(told.out, 'sk_live')
  const failed = await replay(file, '--upstream', String(port), '--fail-on-diff', '--json')
  t.match(failed, { code: 1, err: /2 of 2 answers differ .*\(UR_REPLAY_DIFFERENT\)/ })
  t.match(JSON.parse(failed.out), {
    name: 'shop.har',
    same: 0,
    different: 2,
    failed: 0,
    results: [{ method: 'POST', target: '/a', diff: { same: false, status: { before: 200, after: 500 } } }, {}],
  })
})

t.test('what could not be sent as it was, as the file has no secrets, is named beside what differs', async (t) => {
  const file = path.join(await temporaryFolder(t), 'secrets.har')
  const sent = recordingOf(
    exchange('0194f1b2c3400001', {
      method: 'POST',
      target: '/a?token=[redacted]&x=1',
      request: message(['Authorization', 'Bearer [redacted]', ...JSON_TYPE], '{"pin":"[redacted]"}'),
      response: answer(200, JSON_TYPE, '{"id":1}'),
    }),
  )
  await writeFile(file, writeHar([sent]))
  const { port } = await shop(t)
  const told = await replay(file, '--upstream', String(port))
  t.ok(told.out.includes('\n  redacted in the file, so not sent as it was: Authorization, body, ?token\n'), told.out)
  const { out } = await replay(file, '--upstream', String(port), '--json')
  t.match(JSON.parse(out), { results: [{ omitted: ['Authorization', 'body', '?token'] }] })
})

t.test('nobody there; no HAR; no upstream; wrong flags', async (t) => {
  const file = await suite(t)
  const folder = path.dirname(file)
  const gone = await replay(file, '--upstream', String(await freePort()))
  t.match(gone, {
    code: 1,
    out: /^1 .* no answer\n2 .* no answer\n\nno answer to 1-2: could not connect .*\n\n0 same/m,
    err: /2 of 2 requests had no answer; the output says why.*UR_REPLAY_FAILED/,
  })
  t.equal(`${gone.out}${gone.err}`.match(/could not connect/g)?.length, 1, 'a reason is told once')
  const bad = path.join(folder, 'bad.har')
  await writeFile(bad, '{"log":\n  {"entries": [}}')
  t.match(await replay(bad, '--upstream', '1'), {
    code: 2,
    err: /bad\.har, line 2, column 16: it is no JSON.*UR_HAR_INVALID/,
  })
  t.match(await replay(path.join(folder, 'none.har')), { code: 2, err: /ENOENT.*UR_HAR_FILE/ })
  const config = path.join(folder, 'uniroute.yml')
  await writeFile(config, 'tunnels:\n  other: {kind: http, upstream: 1}\n')
  t.match(await replay(file, '--config', config), { code: 2, err: /no tunnel "web" in .*--upstream.*UR_USAGE/ })
  t.match(await replay(file, '--upstream', 'x://y'), { code: 1, err: /UR_REPLAY_FAILED|UR_UPSTREAM_SYNTAX/ })
  t.match(await replay(file, '--ignore-json', 'id'), { code: 2, err: /JSON Pointer/ })
  t.match(await replay('--help'), { code: 0, out: /uniroute replay shop\.har --upstream 3000/ })
})

t.test('where the configuration says', async (t) => {
  const [file, { port }] = await Promise.all([suite(t), shop(t)])
  const config = path.join(path.dirname(file), 'uniroute.yml')
  await writeFile(config, `tunnels:\n  web: {kind: http, upstream: ${port}}\n`)
  t.match(await replay(file, '--config', config), { code: 0, out: /0 same, 2 different/ })
  t.match(await readFile(file, 'utf8'), '"version":"1.2"')
})
