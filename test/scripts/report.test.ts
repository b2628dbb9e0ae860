import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const script = fileURLToPath(new URL('../../scripts/report.mjs', import.meta.url))

/** Exit code and lines of the report about `tap`. */
function report(t: Test, tap: string): { code: number | null; lines: string[] } {
  const { status, stdout } = spawnSync(process.execPath, [script, join(t.testdir({}), 'full.tap')], {
    input: tap,
    encoding: 'utf8',
  })
  return { code: status, lines: stdout.split('\n') }
}

t.test('what was skipped stands in the report with its reason', async (t) => {
  const { code, lines } = report(
    t,
    `TAP version 14
# Subtest: test/store/failures.test.ts
    ok 1 - a full disk # SKIP only root can mount a file system of its own
    ok 2 - another # SKIP
    # Subtest: a third
        ok 1 - inside # SKIP not here
        1..1
    ok 3 - a third # time=3.1ms
    1..3
ok 1 - test/store/failures.test.ts # time=12.3ms
1..1
# { total: 4, pass: 1, skip: 3 }
`,
  )
  t.equal(code, 0)
  t.same(lines, [
    'ok   test/store/failures.test.ts 0.0 s',
    '  skipped: a full disk: only root can mount a file system of its own',
    '  skipped: another: no reason is given',
    '  skipped: inside: not here',
    '',
    '1 passed, 0 failed, 3 skipped',
    '',
  ])
})

t.test('a failure is shown in full, and a run without its summary has failed', async (t) => {
  const { code, lines } = report(
    t,
    `TAP version 14
# Subtest: test/a.test.ts
    not ok 1 - it works
      ---
      found: 1
      ...
    1..1
not ok 1 - test/a.test.ts # time=1000ms
`,
  )
  t.equal(code, 1)
  t.same(lines.slice(0, 5), [
    'FAIL test/a.test.ts 1.0 s',
    '      not ok 1 - it works',
    '        ---',
    '        found: 1',
    '        ...',
  ])
})

t.test('a table that a test made stands in the report', async (t) => {
  const { lines } = report(
    t,
    `TAP version 14
# Subtest: test/a.test.ts
    # Subtest: inside
        # a comment
        # | fault | kept |
        # | --- | ---: |
        ok 1 - it works
        1..1
    ok 1 - inside # time=1ms
    1..1
ok 1 - test/a.test.ts # time=1000ms
1..1
# { total: 1, pass: 1 }
`,
  )
  t.same(lines, ['ok   test/a.test.ts 1.0 s', '  | fault | kept |', '  | --- | ---: |', '', '1 passed, 0 failed', ''])
})
