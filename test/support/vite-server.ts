import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DOMAIN } from './http-product.js'
import { freePort, ROOT, temporaryFolder, type Owner } from './places.js'
import { Process } from './processes.js'

const PAGE = `<!doctype html><title>page</title><p id="text"></p><input id="kept">
<script type="module" src="/main.js"></script>`

const MAIN = `import { text } from './text.js'
const show = (text) => (document.querySelector('#text').textContent = text)
show(text)
import.meta.hot.accept('./text.js', (changed) => show(changed.text))`

/** A Vite development server for a page that shows the text of a module. */
export class ViteServer {
  readonly port: number
  readonly #folder: string

  private constructor(port: number, folder: string) {
    this.port = port
    this.#folder = folder
  }

  static async start(t: Owner, text: string): Promise<ViteServer> {
    const [port, folder] = await Promise.all([freePort(), temporaryFolder(t)])
    const vite = new ViteServer(port, folder)
    const server = { host: '127.0.0.1', port, strictPort: true, allowedHosts: [`.${DOMAIN}`] }
    await writeFile(path.join(folder, 'vite.config.mjs'), `export default ${JSON.stringify({ server })}`)
    await writeFile(path.join(folder, 'index.html'), PAGE)
    await writeFile(path.join(folder, 'main.js'), MAIN)
    await vite.edit(text)
    const { PATH } = process.env
    const program = path.join(ROOT, 'node_modules/vite/bin/vite.js')
    const child = new Process('vite', process.execPath, [program, folder], {
      cwd: folder,
      env: { PATH, HOME: folder, NO_COLOR: '1' },
    })
    t.teardown(() => child.stop())
    await child.line(/ready in/)
    return vite
  }

  /** Writes the module anew. */
  async edit(text: string): Promise<void> {
    await writeFile(path.join(this.#folder, 'text.js'), `export const text = ${JSON.stringify(text)}`)
  }
}
