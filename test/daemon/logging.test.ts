import t from 'tap'
import { Secret } from '../../src/core/secret.js'
import { RefusedError } from '../../src/core/errors.js'
import type { LogFormat, LogLevel } from '../../src/core/logger.js'
import { createLogging } from '../../src/daemon/logging.js'

function capture(level: LogLevel, format: LogFormat) {
  const lines: string[] = []
  return { lines, log: createLogging({ level, format, write: (line) => lines.push(line) }) }
}

t.test('text lines are readable and quote what needs it', async (t) => {
  const { lines, log } = capture('info', 'text')
  log.child({ tunnel: 'tcp-5432' }).info({ port: 20001, why: 'two words', empty: '' }, 'tunnel bound')
  t.match(
    lines[0],
    /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO {2}tunnel bound {2}tunnel=tcp-5432 port=20001 why="two words" empty=""\n$/,
  )
})

t.test('json lines carry level, time, message and fields', async (t) => {
  const { lines, log } = capture('info', 'json')
  log.warn({ port: 20001 }, 'careful')
  t.match(JSON.parse(lines[0] as string), { level: 'warn', time: /T/, message: 'careful', port: 20001 })
})

t.test('a level hides what is below it, and a change reaches children', async (t) => {
  const { lines, log } = capture('warn', 'text')
  const child = log.child({ a: 1 })
  child.info({}, 'hidden')
  t.equal(lines.length, 0)
  log.setLevel('debug')
  child.debug({}, 'shown')
  t.equal(lines.length, 1)
  log.setLevel('error')
  child.warn({}, 'hidden')
  t.equal(lines.length, 1)
})

t.test('errors show code and message, and a stack only of a defect at level debug', async (t) => {
  const error = new RefusedError('UR_WIRE_GOAWAY', 'the server said no')
  const defect = new TypeError('the server said no')
  for (const format of ['text', 'json'] as const) {
    const quiet = capture('info', format)
    quiet.log.error({ error }, 'failed')
    t.match(quiet.lines.join(''), /the server said no/)
    t.match(quiet.lines.join(''), /UR_WIRE_GOAWAY/)
    t.notMatch(quiet.lines.join(''), /logging\.test/)
    const loud = capture('debug', format)
    loud.log.error({ error }, 'failed')
    t.notMatch(loud.lines.join(''), /logging\.test/)
    quiet.log.error({ error: defect }, 'failed')
    t.notMatch(quiet.lines.join(''), /logging\.test/)
    loud.log.error({ error: defect }, 'failed')
    t.match(loud.lines.join(''), /logging\.test/)
  }
})

t.test('secrets never reach a line', async (t) => {
  for (const format of ['text', 'json'] as const) {
    const { lines, log } = capture('debug', format)
    log.info(
      { token: 'unr_leakleakleak', nested: { secret: 'leak', password: 'leak' }, value: new Secret('leak') },
      'hello',
    )
    log.child({ authorization: 'leak' }).info({}, 'the token unr_leak12345 was tried')
    t.notMatch(lines.join(''), /leak/)
    t.match(lines[0], /\*\*\*/)
  }
})

t.test('a remote string cannot forge a line or drive the terminal', async (t) => {
  const { lines, log } = capture('info', 'text')
  log.info({ sni: 'a\u001b[2Jb\nINFO forged', 'k\ney': 1 }, 'peer said\r\nhi')
  t.equal(lines.length, 1)
  t.notMatch(lines[0]?.slice(0, -1), /[\u0000-\u001f]/)
})
