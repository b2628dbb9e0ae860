import { printable } from '../../core/printable.js'
import type { DiffEntry, DiffLine, ExchangeDiff, SuiteResult, SuiteRun } from '../../inspector/contract.js'
import { humanSize, table } from '../table.js'

/** Differences that are shown of one answer. */
const MOST = 40
/** Characters of a value. */
const LONG = 120

/** A run for people: a row for each request, what differs below it, and a sentence. Every text is made printable. */
export function runText(run: SuiteRun): string {
  const { results, same, different, failed } = run
  const rows = results.map((result, i) => [
    String(i + 1),
    result.method,
    shortened(result.target),
    ...outcomeOf(result),
  ])
  const details = results.flatMap((result, i) => detailsOf(result, i + 1))
  const sum = `${same} same, ${different} different, ${failed} without an answer`
  return [
    table(['NUMBER', 'METHOD', 'TARGET', 'STATUS', 'RESULT'], rows),
    ...details,
    ...problemsOf(results),
    `\n${sum}\n`,
  ].join('')
}

function outcomeOf({ diff }: SuiteResult): [status: string, result: string] {
  if (diff === null) return ['-', 'no answer']
  const { before, after, same } = diff.status
  return [same ? String(after ?? '-') : `${before ?? '-'} -> ${after ?? '-'}`, diff.same ? 'same' : 'different']
}

/** Why requests had no answer, each reason once, with the numbers of those that it kept from one. */
function problemsOf(results: readonly SuiteResult[]): string[] {
  const numbers = new Map<string, number[]>()
  results.forEach(({ diff, problem }, i) => {
    if (diff === null) numbers.set(problem ?? '', [...(numbers.get(problem ?? '') ?? []), i + 1])
  })
  return [...numbers].map(([reason, of]) => `\nno answer to ${ranges(of)}: ${printable(reason)}\n`)
}

/** Ascending numbers: `1-3, 5`. */
function ranges(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = []
  for (const number of numbers) {
    const run = runs.at(-1)
    if (run !== undefined && run[1] === number - 1) run[1] = number
    else runs.push([number, number])
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(', ')
}

function detailsOf({ method, target, diff, omitted }: SuiteResult, number: number): string[] {
  if (diff === null || diff.same) return []
  const { status, fields, body } = diff
  const lines = [
    ...(omitted.length === 0
      ? []
      : [`  redacted in the file, so not sent as it was: ${shortened(omitted.join(', '))}`]),
    ...(status.same ? [] : [`  status: ${status.before ?? '-'} -> ${status.after ?? '-'}`]),
    ...fields.map((entry) => entryText('field', entry)),
    ...bodyLines(body),
  ]
  const shown = lines.slice(0, MOST)
  if (lines.length > MOST) shown.push(`  … ${lines.length - MOST} more`)
  return [
    `\n${number} ${printable(method)} ${printable(shortened(target))}\n`,
    ...shown.map((line) => `${printable(line)}\n`),
  ]
}

function bodyLines(body: ExchangeDiff['body']): string[] {
  switch (body.kind) {
    case 'same':
      return []
    case 'json':
      return body.entries.map((entry) => entryText('json', entry))
    case 'text':
      return body.lines.map(lineText)
    case 'binary': {
      const { before, after, beforeSha256, afterSha256 } = body
      return [`  body: ${humanSize(before)} (sha256 ${beforeSha256}) -> ${humanSize(after)} (sha256 ${afterSha256})`]
    }
  }
}

function entryText(what: string, { key, change, before, after }: DiffEntry): string {
  const place = `  ${what} ${key === '' ? '(all of it)' : key}`
  if (change === 'added') return `${place}: added ${valueText(after)}`
  if (change === 'removed') return `${place}: removed ${valueText(before)}`
  return `${place}: ${valueText(before)} -> ${valueText(after)}`
}

function valueText(value: unknown): string {
  return shortened(JSON.stringify(value) ?? '')
}

const MARKS = { same: ' ', added: '+', removed: '-' } as const

function lineText({ change, text }: DiffLine): string {
  return change === 'skipped' ? `  … ${text} lines` : `  ${MARKS[change]} ${shortened(text)}`
}

function shortened(text: string): string {
  return text.length > LONG ? `${text.slice(0, LONG)}…` : text
}
