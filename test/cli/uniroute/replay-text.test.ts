import t from 'tap'
import { runText } from '../../../src/cli/uniroute/replay-text.js'
import { readHar } from '../../../src/inspector/files/har-read.js'
import { readHarFile, Suites } from '../../../src/inspector/files/suites.js'

const EVIL = '\x1b[2J\x1b]0;owned\x07\x9b31m\r\u202e'
const MOVES = /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/

t.test('nothing of a run moves the cursor, wherever it stands', async (t) => {
  const diff = {
    same: false,
    status: { before: 200, after: 500, same: false },
    fields: [{ key: EVIL, change: 'changed' as const, before: EVIL, after: EVIL }],
    body: { kind: 'text' as const, lines: [{ change: 'added' as const, text: EVIL }] },
  }
  const json = { kind: 'json' as const, entries: [{ key: EVIL, change: 'added' as const, before: null, after: EVIL }] }
  const result = { method: EVIL, target: EVIL, exchange: null, omitted: [EVIL] }
  const results = [
    { ...result, diff, problem: null },
    { ...result, diff: { ...diff, body: json }, problem: null },
    { ...result, diff: null, problem: EVIL },
  ]
  const text = runText({ name: EVIL, same: 0, different: 2, failed: 1, results })
  t.notMatch(text, MOVES)
  t.match(text, /\\u001b\[2J/)
})

t.test('nor does the name of a file or of a suite', async (t) => {
  const names = { message: /^[^\x1b\x07\x9b\r\u202e]*$/ }
  t.throws(() => readHar('{}', EVIL), names)
  await t.rejects(readHarFile(`/nonexistent/${EVIL}`), { code: 'UR_HAR_FILE', ...names })
  await t.rejects(new Suites('/nonexistent').read(EVIL), { code: 'UR_SUITE_NAME', ...names })
})
