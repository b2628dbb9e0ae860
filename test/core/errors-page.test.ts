import t from 'tap'
import { readFileSync } from 'node:fs'
import { ERROR_CODES } from '../../src/core/error-codes.js'
import { errorsPage } from '../../src/core/errors-page.js'

t.test('docs/errors.md is what the table says, with an entry for every code', async (t) => {
  const page = errorsPage()
  t.equal(readFileSync('docs/errors.md', 'utf8'), page, 'run: make gen')
  for (const [code, { what, todo }] of Object.entries(ERROR_CODES)) t.match(page, `## ${code}\n\n${what}\n\n${todo}\n`)
})
