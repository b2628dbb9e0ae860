import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { keyFileWarning, modeForOthers } from '../../src/certs/key-file.js'
import { temporaryFolder } from '../support/places.js'

t.test('a key that others may read is warned of', async (t) => {
  const file = path.join(await temporaryFolder(t), 'key.pem')
  await writeFile(file, 'a key')
  for (const mode of [0o644, 0o640, 0o604, 0o620]) {
    await chmod(file, mode)
    t.equal(await modeForOthers(file), `0${mode.toString(8)}`)
    const warning = `${file} holds a private key and others can read it (mode 0${mode.toString(8)}); run: chmod 600 ${file}`
    t.equal(await keyFileWarning(file), warning)
  }
  for (const mode of [0o600, 0o400]) {
    await chmod(file, mode)
    t.equal(await keyFileWarning(file), null)
  }
  t.equal(await keyFileWarning(`${file}.not`), null, 'what is not there is told of by whoever reads it')
})
