// Builds the inspector's pages (src/ui) into dist/ui, unless those that are there were made from the same sources.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SOURCE = path.join(ROOT, 'src/ui')
const TARGET = path.join(ROOT, 'dist/ui')
const MARK = path.join(ROOT, '.tmp/ui.sha256')

const made = madeFrom()
if (!existsSync(path.join(TARGET, 'index.html')) || !existsSync(MARK) || readFileSync(MARK, 'utf8') !== made) {
  const { build } = await import('vite')
  await build({
    root: SOURCE,
    configFile: false,
    logLevel: 'warn',
    base: './',
    // What is bundled keeps its authors' notes.
    esbuild: { jsx: 'automatic', legalComments: 'eof' },
    build: {
      outDir: TARGET,
      emptyOutDir: true,
      target: 'es2022',
      // The pages' Content-Security-Policy allows no data: URLs and no inline script.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  })
  mkdirSync(path.dirname(MARK), { recursive: true })
  writeFileSync(MARK, made)
}

/** Of the sources, of what they are built with and of how: one hash. */
function madeFrom() {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)))
  const sources = readdirSync(SOURCE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  for (const entry of sources.sort((a, b) => (a.parentPath + a.name < b.parentPath + b.name ? -1 : 1))) {
    const file = path.join(entry.parentPath, entry.name)
    hash.update(`${path.relative(SOURCE, file)}\n`).update(readFileSync(file))
  }
  for (const name of ['vite', 'react', 'react-dom']) {
    hash.update(readFileSync(path.join(ROOT, `node_modules/${name}/package.json`)))
  }
  return hash.digest('hex')
}
