import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** A file of the pages. */
export interface PageFile {
  readonly type: string
  readonly bytes: Buffer
  /** Its name changes with what is in it. */
  readonly lasting: boolean
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.css', 'text/css; charset=utf-8'],
  ['.html', 'text/html; charset=utf-8'],
  ['.ico', 'image/x-icon'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.json', 'application/json'],
  ['.map', 'application/json'],
  ['.png', 'image/png'],
  ['.svg', 'image/svg+xml'],
  ['.txt', 'text/plain; charset=utf-8'],
  ['.webmanifest', 'application/manifest+json'],
  ['.woff2', 'font/woff2'],
])

/** The files of the pages, as they were built into one folder. */
export class Pages {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = path.resolve(folder)
  }

  /** The file for the path of a URL; null: there is none. */
  async find(urlPath: string): Promise<PageFile | null> {
    const name = nameOf(urlPath)
    if (name === null) return null
    if (name === '') return this.#read('index.html', TYPES.get('.html')!)
    const type = TYPES.get(path.extname(name))
    return type === undefined ? null : this.#read(name, type)
  }

  async #read(name: string, type: string): Promise<PageFile | null> {
    try {
      const bytes = await readFile(path.join(this.#folder, name))
      return { type, bytes, lasting: /[-.][\w-]{8,}\.\w+$/.test(name) && name.startsWith('assets/') }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null
      throw error
    }
  }
}

/** Relative to the folder, and never outside of it; null: no file can have that name. */
function nameOf(urlPath: string): string | null {
  let decoded: string
  try {
    decoded = decodeURIComponent(urlPath.split(/[?#]/, 1)[0] ?? '')
  } catch {
    return null
  }
  const parts = decoded.split('/').filter((part) => part !== '')
  const isGood = parts.every((part) => /^[\w@.-]+$/.test(part) && !part.startsWith('.'))
  return isGood ? parts.join('/') : null
}
