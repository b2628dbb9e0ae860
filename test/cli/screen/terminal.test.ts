import path from 'node:path'
import t from 'tap'
import { within } from '../../support/hang.js'
import { program, temporaryFolder, type Owner } from '../../support/places.js'
import { assertDecent, BIN, Server } from '../../support/product.js'
import { Process } from '../../support/processes.js'
import { echo, echoOn, startEcho, visit } from '../../support/pumps.js'

const WRAP_OFF = '\u001b[?7l'
const WRAP_ON = '\u001b[?7h'

/** `uniroute ARGS…` on a pseudo-terminal of 100 columns and 30 rows, with all that it wrote to it. */
class OnTerminal {
  #text = ''
  readonly #process: Process
  #changed: () => void = () => undefined

  private constructor(process: Process) {
    this.#process = process
    process.child.stdout?.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString()
      this.#changed()
    })
  }

  static async start(t: Owner, server: Server, args: string[], environment: NodeJS.ProcessEnv = {}) {
    const script = await program('script', 'bsdutils')
    const token = await server.createToken(`terminal-${server.tokens.length}`)
    const home = await temporaryFolder(t)
    const env = {
      PATH: process.env['PATH'],
      HOME: home,
      TERM: 'xterm-256color',
      UNIROUTE_SERVER: `127.0.0.1:${server.port}`,
      UNIROUTE_TOKEN: token,
      UNIROUTE_CA: server.authority.ca,
      ...environment,
    }
    const command = `stty cols 100 rows 30; exec ${[process.execPath, BIN.uniroute, ...args].join(' ')}`
    const log = path.join(home, 'typescript')
    const options = { env, cwd: home, stdio: ['pipe', 'pipe', 'pipe'] as 'pipe'[] }
    const started = new Process(
      'script',
      script,
      ['--quiet', '--flush', '--return', '--command', command, log],
      options,
    )
    t.teardown(async () => {
      await started.stop('SIGKILL')
      assertDecent(started, server.tokens)
    })
    return new OnTerminal(started)
  }

  /** The last screen that was drawn to its end, without colours: what is on its way is no screen yet. */
  get screen(): string {
    const end = this.#text.lastIndexOf(WRAP_ON)
    const start = this.#text.lastIndexOf(WRAP_OFF, end)
    if (start < 0) return ''
    return this.#text.slice(start, end).replace(/\u001b\[[\d;?]*[a-zA-Z]/g, '')
  }

  get raw(): string {
    return this.#text
  }

  /** Waits until the screen shows something. */
  async shows(what: RegExp): Promise<string> {
    return this.#until(what, () => this.screen)
  }

  /** Waits until something was written at any time. */
  async wrote(what: RegExp): Promise<string> {
    return this.#until(what, () => this.raw)
  }

  #until(what: RegExp, text: () => string): Promise<string> {
    const seen = (async () => {
      while (!what.test(text())) await new Promise<void>((resolve) => (this.#changed = resolve))
      return text()
    })()
    return within(`the terminal to show ${String(what)}`, seen, 20_000)
  }

  press(keys: string): void {
    this.#process.child.stdin?.write(keys)
  }

  get exit() {
    return within('uniroute to end', this.#process.exit, 20_000)
  }
}

const CTRL_C = '\u0003'

const server = await Server.start(t)

t.test('the screen follows the session and its visitors', async (t) => {
  const upstream = await startEcho(t)
  const terminal = await OnTerminal.start(t, server, ['tcp', String(upstream.port)])
  const screen = await terminal.shows(/Forwarding +tcp:.* -> /)
  t.match(screen, new RegExp(`Forwarding +tcp://127.0.0.1:\\d+ -> localhost:${upstream.port}`))
  t.match(screen, /Session Status +online/)
  t.match(screen, new RegExp(`Server +127.0.0.1:${server.port}`))
  t.match(terminal.raw, '\u001b[32monline', 'in colour')
  t.notMatch(terminal.raw, '\u001b[?1049h', 'the alternate screen is not used')

  const port = Number(/127\.0\.0\.1:(\d+) ->/.exec(screen)?.[1])
  await echo(port)
  const visitor = await visit(port)
  await echoOn(visitor)
  t.match(await terminal.shows(/^ +2 +1 +0\.0/m), /Connections +ttl +opn/)

  terminal.press(CTRL_C)
  await terminal.shows(/Session Status +draining/)
  await echoOn(visitor)
  t.pass('an open connection goes on')
  visitor.end()
  t.match(await terminal.exit, { code: 0 })
  t.ok(terminal.raw.endsWith('\u001b[?25h'), 'the cursor is back')
})

t.test('a second Ctrl-C ends at once', async (t) => {
  const upstream = await startEcho(t)
  const terminal = await OnTerminal.start(t, server, ['tcp', String(upstream.port)])
  const screen = await terminal.shows(/Forwarding +tcp:.* -> /)
  const visitor = await visit(Number(/127\.0\.0\.1:(\d+) ->/.exec(screen)?.[1]))
  t.teardown(() => visitor.destroy())
  await echoOn(visitor)
  terminal.press(CTRL_C)
  await terminal.shows(/Session Status +draining/)
  terminal.press(CTRL_C)
  await terminal.exit
  t.ok(terminal.raw.endsWith('\u001b[?25h'), 'the cursor is back')
})

t.test('a loss is shown with its reason, and the return', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const terminal = await OnTerminal.start(t, server, ['tcp', String(upstream.port)])
  await terminal.shows(/Session Status +online/)
  await server.process.stop('SIGKILL')
  await terminal.shows(/Session Status +reconnecting[^]*(was lost|could not connect)/)
  await server.launch()
  await terminal.shows(/Session Status +online[^]*Forwarding +tcp:/)
})

t.test('a refusal ends the screen with the reason below it', async (t) => {
  const terminal = await OnTerminal.start(t, server, ['tcp', '9', '--remote-port', '1'])
  t.match(await terminal.exit, { code: 3 })
  t.match(terminal.raw, /\u001b\[\?25h[^]*uniroute: .*\(UR_PORT_RANGE\)/)
})

t.test('NO_COLOR is respected', async (t) => {
  const upstream = await startEcho(t)
  const terminal = await OnTerminal.start(t, server, ['tcp', String(upstream.port)], { NO_COLOR: '1' })
  await terminal.shows(/Session Status +online/)
  t.notMatch(terminal.raw, /\u001b\[[\d;]+m/)
})

t.test('with --log-format there are log lines instead', async (t) => {
  const upstream = await startEcho(t)
  const terminal = await OnTerminal.start(t, server, ['tcp', String(upstream.port), '--log-format', 'text'])
  await terminal.wrote(/INFO +forwarding tcp:/)
  t.notMatch(terminal.raw, 'Session Status')
})
