import { readFile } from 'node:fs/promises'
import t from 'tap'
import { fileReason } from '../../src/core/file-reason.js'

t.test('what the system says of a file, without its path', async (t) => {
  const failed = await readFile('/no/such, file').catch((error: unknown) => error)
  t.equal(fileReason(failed), 'ENOENT: no such file or directory')
  const folder = await readFile('/').catch((error: unknown) => error)
  t.match(fileReason(folder), /^EISDIR: illegal operation on a directory/)
  t.equal(fileReason(new Error('anything else')), 'anything else')
})
