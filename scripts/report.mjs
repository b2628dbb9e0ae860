// Reads TAP from stdin and prints a short report: one line per test file, every failure in full, every test that was
// skipped with its reason, every table that stands in a test's comments (`# | …`), and at last, on a line of its own,
// `N passed, N failed` (`, N skipped` when there are some). N counts assertions, as tap does.
// Exit code 0 only when something passed, nothing failed and the stream was complete.
import { appendFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const full = process.argv[2] // file that keeps the whole TAP
writeFileSync(full, '')

let block = []
let totals = null
let brokenFiles = 0

for await (const line of createInterface({ input: process.stdin })) {
  appendFileSync(full, `${line}\n`)
  const counted = /^# (\{ total: .* \})$/.exec(line)
  if (counted) totals = Object.fromEntries([...counted[1].matchAll(/(\w+): (\d+)/g)].map(([, k, v]) => [k, Number(v)]))
  const file = /^(not )?ok \d+ - (.*?)(?: # time=([\d.]+)ms)?(?: # SKIP.*)?$/.exec(line)
  const expired = /^ {2}expired: (.*)$/.exec(line)
  if (expired) process.stdout.write(`FAIL ${expired[1]}: it took too long and was ended\n`)
  if (!file) {
    block.push(line)
    continue
  }
  const [, failed, name, time] = file
  if (name === 'timeout!') continue // a file's name follows
  const seconds = time ? ` ${(Number(time) / 1000).toFixed(1)} s` : ''
  process.stdout.write(`${failed ? 'FAIL' : 'ok  '} ${name}${seconds}\n`)
  if (failed) {
    brokenFiles += 1
    for (const each of failuresIn(block)) process.stdout.write(`  ${each}\n`)
  }
  for (const each of skippedIn(block)) process.stdout.write(`  skipped: ${each}\n`)
  for (const each of tablesIn(block)) process.stdout.write(`  ${each}\n`)
  block = []
}

const { pass = 0, fail = 0, skip = 0, todo = 0 } = totals ?? {}
const failed = Math.max(fail, brokenFiles, totals === null ? 1 : 0)
const skipped = skip + todo
if (totals === null) process.stdout.write('the test run ended before its summary\n')
process.stdout.write(`\n${pass} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
process.exitCode = failed === 0 && pass > 0 ? 0 : 1

/** The `not ok` lines of a file's TAP, each with the diagnostics below it; lines that are neither are left out. */
function failuresIn(lines) {
  const shown = []
  let indent = -1
  for (const line of lines) {
    const depth = line.search(/\S/)
    if (/^\s*not ok /.test(line)) indent = depth
    else if (depth >= 0 && depth <= indent) indent = -1
    if (indent >= 0 && depth >= 0) shown.push(line)
  }
  return shown
}

/** Name and reason of each skipped test of a file's TAP. */
function skippedIn(lines) {
  return lines.flatMap((line) => {
    const skipped = /^\s+ok \d+ - (.*?) # SKIP ?(.*)$/.exec(line)
    return skipped ? [`${skipped[1]}: ${skipped[2] || 'no reason is given'}`] : []
  })
}

/** The rows of the tables among the comments of a file's TAP. */
function tablesIn(lines) {
  return lines.flatMap((line) => /^\s+# (\|.*)$/.exec(line)?.[1] ?? [])
}
