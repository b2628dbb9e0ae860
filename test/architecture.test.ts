import t from 'tap'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { ERROR_CODES } from '../src/core/error-codes.js'

/** A room imports only rooms of a lower rank, and itself. See docs/architecture.md. */
const RANKS: Readonly<Record<string, number>> = {
  core: 0,
  wire: 1,
  hello: 1,
  config: 1,
  metrics: 1,
  store: 1,
  dns: 1,
  http2: 1,
  protocol: 2,
  routing: 2,
  access: 3,
  names: 3,
  certs: 3,
  tunnels: 3,
  proxy: 4,
  ingress: 5,
  admin: 5,
  agent: 5,
  inspector: 6,
  daemon: 6,
  cli: 7,
  ui: 7,
}

const GENERATED = 'src/protocol/generated'
const MAX_LINES = 400

/** The pure cores of the wire: no sockets, timers or clocks. */
const PURE = ['src/wire/frame.ts', 'src/wire/parser.ts', 'src/wire/window.ts']

interface SourceFile {
  readonly path: string
  readonly text: string
  /** The rank of what stands directly in src/ (the package's entry) is above all rooms. */
  readonly room: string | null
  readonly imports: readonly string[]
}

const files: readonly SourceFile[] = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
  .map((entry) => relative('.', join(entry.parentPath, entry.name)))
  .filter((path) => !path.startsWith(GENERATED))
  .map((path) => {
    const text = readFileSync(path, 'utf8')
    return {
      path,
      text,
      room: roomOf(path),
      imports: ts.preProcessFile(text).importedFiles.map((file) => file.fileName),
    }
  })

function roomOf(path: string): string | null {
  const [, room, file] = path.split('/')
  return file === undefined ? null : (room ?? null)
}

t.test('every folder in src is a room with a rank', async (t) => {
  t.ok(files.length > 20, 'the sources were found')
  const rooms = new Set(files.map(({ room }) => room).filter((room) => room !== null))
  t.same(
    [...rooms].filter((room) => !(room in RANKS)),
    [],
  )
})

t.test('imports point only to rooms of lower rank, or to the same room', async (t) => {
  const wrong: string[] = []
  for (const { path, room, imports } of files) {
    if (room === null) continue
    for (const imported of imports.filter((name) => name.startsWith('.'))) {
      const target = relative('.', resolve(dirname(path), imported))
      const other = target.startsWith('src/') ? roomOf(target) : null
      if (other === room) continue
      if (other === null || (RANKS[other] ?? Infinity) >= (RANKS[room] ?? -1)) wrong.push(`${path} imports ${target}`)
    }
  }
  t.same(wrong, [])
})

t.test('the pages take nothing but types from other rooms', async (t) => {
  const pages = files.filter(({ room }) => room === 'ui')
  t.ok(pages.length > 20, 'the pages were found')
  const wrong = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/^(import|export) (?!type )[^']*'((?:\.\.\/)+[^']+)'/gm)]
      .map(([, , name = '']) => relative('.', resolve(dirname(path), name)))
      .filter((target) => roomOf(target) !== 'ui')
      .map((target) => `${path} imports ${target}`),
  )
  t.same(wrong, [])
})

t.test(`no file has more than ${MAX_LINES} lines`, async (t) => {
  const long = files.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
  t.same(
    long.filter(({ lines }) => lines > MAX_LINES),
    [],
  )
})

t.test('the wire knows no TLS and no protobuf, its cores no sockets, timers or clocks', async (t) => {
  const wire = files.filter(({ room }) => room === 'wire')
  t.same(
    wire.filter(({ imports }) => imports.some((name) => /^(node:tls|protobufjs)/.test(name))).map(({ path }) => path),
    [],
  )
  const pure = files.filter(({ path }) => PURE.includes(path))
  t.equal(pure.length, PURE.length)
  const impure =
    /'node:(net|tls|timers|perf_hooks|events|stream)|\b(setTimeout|setImmediate|setInterval|Date\.now|performance\.now)\(/
  t.same(
    pure.filter(({ text }) => impure.test(text)).map(({ path }) => path),
    [],
  )
})

t.test('every error code in the sources stands in the table, and every code of the table is used', async (t) => {
  const used = new Set<string>()
  const unknown: string[] = []
  for (const { path, text } of files) {
    if (path === 'src/core/error-codes.ts') continue
    for (const [, code = ''] of text.matchAll(/['"`](UR_[A-Z0-9_]+)['"`]/g)) {
      used.add(code)
      if (!(code in ERROR_CODES)) unknown.push(`${path}: ${code}`)
    }
  }
  t.same(unknown, [])
  t.same(
    Object.keys(ERROR_CODES).filter((code) => !used.has(code)),
    [],
  )
})
