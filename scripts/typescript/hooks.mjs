// Hooks of Node's module loader (https://nodejs.org/api/module.html#customization-hooks) for the TypeScript files of
// this repository. Their URLs, and so `import.meta.url` and stack traces, are those of the sources.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const ROOT_URL = pathToFileURL(ROOT).href
const KEPT = path.join(ROOT, '.tmp/modules')
/** Not NodeNext: a single file's text does not tell that its package is one of ES modules. */
const EMIT = {
  noEmit: false,
  declaration: false,
  sourceMap: false,
  inlineSourceMap: true,
  module: 'ESNext',
  moduleResolution: 'Bundler',
}
const OPTIONS = { ...JSON.parse(readFileSync(path.join(ROOT, 'tsconfig.json'), 'utf8')).compilerOptions, ...EMIT }
const COMPILER = readFileSync(path.join(ROOT, 'node_modules/typescript/package.json'), 'utf8')
/** Of what the JavaScript is made from, beside the source. */
const MADE_FROM = createHash('sha256').update(COMPILER).update(JSON.stringify(OPTIONS)).digest('hex')

let compiler = null

/** An import of `./x.js` beside which only `./x.ts` stands means that. */
export async function resolve(specifier, context, next) {
  if (!isOurs(context.parentURL) || !/^\.{1,2}\/.*\.js$/.test(specifier)) return next(specifier, context)
  const url = new URL(specifier, context.parentURL)
  const source = new URL(url.href.replace(/\.js$/, '.ts'))
  return !existsSync(url) && existsSync(source) ? next(source.href, context) : next(specifier, context)
}

export async function load(url, context, next) {
  return isOurs(url)
    ? { format: 'module', source: await compiled(fileURLToPath(url)), shortCircuit: true }
    : next(url, context)
}

function isOurs(url) {
  return url?.startsWith(ROOT_URL) && url.endsWith('.ts') && !url.includes('/node_modules/')
}

/** The JavaScript of a file: the one that is kept, when it was made from this very text. */
async function compiled(file) {
  const source = await readFile(file, 'utf8')
  const mark = `// ${createHash('sha256').update(`${MADE_FROM}${file}\n${source}`).digest('hex')}\n`
  const kept = path.join(KEPT, `${path.relative(ROOT, file)}.js`)
  const before = await readFile(kept, 'utf8').catch(() => '')
  if (before.endsWith(mark)) return before
  const text = `${await compile(file, source)}\n${mark}`
  await keep(kept, text)
  return text
}

async function compile(file, source) {
  compiler ??= import('typescript').then(async ({ default: ts }) => {
    const { options: compilerOptions } = ts.convertCompilerOptionsFromJson(OPTIONS, ROOT)
    return (fileName, text) => ts.transpileModule(text, { compilerOptions, fileName }).outputText
  })
  return (await compiler)(file, source)
}

/** Whole or not at all: test files that run side by side write the same ones. */
async function keep(file, text) {
  const partial = `${file}.${process.pid}`
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(partial, text)
  await rename(partial, file)
}
