import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { ensureBuilt } from '../support/build.js'
import { temporaryFolder } from '../support/places.js'
import { BIN } from '../support/product.js'
import { must } from '../support/processes.js'

t.before(() => ensureBuilt())

/** The packages that a program loads for this command line. */
async function packages(t: Test, program: keyof typeof BIN, ...args: string[]): Promise<string[]> {
  const folder = await temporaryFolder(t)
  const loaded = path.join(folder, 'loaded')
  const hooks = `
    import { appendFileSync } from 'node:fs'
    export async function load(url, context, next) {
      appendFileSync(${JSON.stringify(loaded)}, url + '\\n')
      return next(url, context)
    }`
  const register = `
    import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}))`
  await writeFile(path.join(folder, 'register.mjs'), register)
  await must(process.execPath, [`--import=${path.join(folder, 'register.mjs')}`, BIN[program], ...args])
  const urls = (await readFile(loaded, 'utf8')).split('\n')
  t.ok(urls.length > 10, 'it was seen what is loaded')
  return [...new Set(urls.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []))]
}

t.test('commands load what they need: help and version are there at once', async (t) => {
  t.same(await packages(t, 'uniroutd', '--help'), ['commander'])
  t.same(await packages(t, 'uniroute', 'version'), ['commander'])
})

t.test('what works on an embedded database loads no other one, and nothing of a server', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'data')
  const found = await packages(t, 'uniroutd', 'token', 'create', 'laptop', '--data-dir', folder)
  t.same(found.sort(), ['commander', 'kysely', 'libsql', 'yaml', 'zod'])
})
