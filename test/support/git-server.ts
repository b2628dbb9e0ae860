import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { upstream } from './http-upstream.js'
import { program, temporaryFolder, type Owner } from './places.js'
import { must } from './processes.js'

/** git, with no settings but those of the test. */
export class Git {
  readonly folder: string
  readonly #file: string

  private constructor(file: string, folder: string) {
    this.#file = file
    this.folder = folder
  }

  static async create(t: Owner): Promise<Git> {
    return new Git(await program('git', 'git'), await temporaryFolder(t))
  }

  /** Runs `git -C FOLDER ARGS…`, FOLDER below the test's; returns what it printed. Throws when it fails. */
  async run(folder: string, ...args: string[]): Promise<string> {
    const cwd = path.join(this.folder, folder)
    const { out } = await must(this.#file, args, { cwd, env: this.environment })
    return out
  }

  get environment(): NodeJS.ProcessEnv {
    const who = { NAME: 'Test', EMAIL: 'test@example.test' }
    const person = ['AUTHOR', 'COMMITTER'].flatMap((role) =>
      Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value] as const),
    )
    const { PATH } = process.env
    return {
      PATH,
      HOME: this.folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      ...Object.fromEntries(person),
    }
  }

  /** Adds a file of random bytes to a work tree, and commits it; returns the commit's id. */
  async commit(tree: string, file: string, bytes: number): Promise<string> {
    await writeFile(path.join(this.folder, tree, file), randomBytes(bytes))
    await this.run(tree, 'add', file)
    await this.run(tree, 'commit', '-q', '-m', `add ${file}`)
    return this.run(tree, 'rev-parse', 'HEAD')
  }

  /** Serves what is below the folder by HTTP, with `git http-backend`. Resolves with the port. */
  async serve(t: Owner): Promise<number> {
    const { port } = await upstream(t, (request, response) => this.#answer(request, response))
    return port
  }

  /** One request by CGI (RFC 3875). */
  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, search } = new URL(request.url ?? '/', 'http://upstream')
    const { headers, method } = request
    const child = spawn(this.#file, ['http-backend'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {
        ...this.environment,
        GIT_PROJECT_ROOT: this.folder,
        GIT_HTTP_EXPORT_ALL: '1',
        REQUEST_METHOD: method,
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        CONTENT_TYPE: headers['content-type'],
        CONTENT_LENGTH: headers['content-length'],
        HTTP_CONTENT_ENCODING: headers['content-encoding'],
        GIT_PROTOCOL: headers['git-protocol']?.toString(),
      },
    })
    child.stdin.on('error', () => undefined) // it may answer before it has read all
    request.pipe(child.stdin)
    let head = ''
    const onHead = (chunk: Buffer) => {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      child.stdout.off('data', onHead)
      for (const line of head.slice(0, end).split('\r\n')) {
        const [name = '', value = ''] = line.split(/: */, 2)
        if (name === 'Status') response.statusCode = Number(value.slice(0, 3))
        else response.setHeader(name, value)
      }
      response.write(Buffer.from(head.slice(end + 4), 'latin1'))
      child.stdout.pipe(response)
    }
    child.stdout.on('data', onHead)
    response.once('close', () => child.kill())
  }
}
