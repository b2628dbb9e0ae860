import { ERROR_CODES, type ErrorCodeEntry } from './error-codes.js'

const EXIT_MEANING = {
  1: 'failed',
  2: 'wrong usage or configuration',
  3: 'refused by the server',
  4: 'server unreachable',
} as const satisfies Record<ErrorCodeEntry['exit'], string>

/** docs/errors.md: every stable code with what happened, what to do, and the exit code of a command that ends with it. */
export function errorsPage(): string {
  const codes = Object.entries(ERROR_CODES as Record<string, ErrorCodeEntry>).sort(([a], [b]) => (a < b ? -1 : 1))
  const sections = codes.map(
    ([code, { exit, what, todo }]) =>
      `## ${code}\n\n${what}\n\n${todo}\n\nExit code ${exit} (${EXIT_MEANING[exit]}).\n`,
  )
  return [
    '# Errors\n',
    'Generated from `src/core/error-codes.ts` by `make gen`; do not edit.\n',
    'Every error that UniRoute reports has one of these codes. They are stable: scripts may rely on them.\n',
    ...sections,
  ].join('\n')
}
