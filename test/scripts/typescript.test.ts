import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { ROOT } from '../support/places.js'
import { run, TYPESCRIPT } from '../support/processes.js'

t.test('TypeScript is run as it stands now, from what was compiled before where that is the same', async (t) => {
  await mkdir(path.join(ROOT, '.tmp'), { recursive: true })
  const folder = await mkdtemp(path.join(ROOT, '.tmp/typescript-'))
  const kept = path.join(ROOT, '.tmp/modules', path.relative(ROOT, folder))
  t.teardown(() => Promise.all([folder, kept].map((each) => rm(each, { recursive: true, force: true }))))
  const program = path.join(folder, 'program.ts')
  const write = (name: string, text: string) => writeFile(path.join(folder, name), text)
  const said = () => run(process.execPath, [TYPESCRIPT, '--enable-source-maps', program])

  await write('word.ts', 'interface Word {\n  text: string\n}\n\nexport const word: Word = { text: "one" }\n')
  await write('program.ts', "import { word } from './word.js'\nconsole.log(word.text, import.meta.url)\n")
  t.match(await said(), { code: 0, out: `one file://${program}` })
  t.same((await readdir(kept)).sort(), ['program.ts.js', 'word.ts.js'])
  const first = await stat(path.join(kept, 'program.ts.js'))

  await write('word.ts', 'interface Word {\n  text: string\n}\n\nexport const word: Word = { text: fail("two") }\n')
  t.match(await said(), { code: 1, err: /ReferenceError: fail is not defined[^]*word\.ts:5:35/ }, 'with its own lines')
  await write('word.ts', 'export const word = { text: "three" }\n')
  t.match(await said(), { code: 0, out: 'three' })
  t.equal((await stat(path.join(kept, 'program.ts.js'))).mtimeMs, first.mtimeMs, 'this one was not compiled again')

  await writeFile(path.join(kept, 'word.ts.js'), 'half of a fi')
  t.match(await said(), { code: 0, out: 'three' }, 'a broken one is made anew')
})
