import type { ScreenModel } from './render.js'
import { render } from './render.js'

/** What the screen needs of a terminal; `process.stdout` is one. */
export interface Terminal {
  readonly columns: number
  readonly rows: number
  readonly writableNeedDrain: boolean
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

export interface ScreenOptions {
  color: boolean
  /** Called for every redraw: the state as it is now. */
  model(): ScreenModel
}

const REDRAW_MS = 100
const TICK_MS = 1_000
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
const WRAP_OFF = '\u001b[?7l'
const WRAP_ON = '\u001b[?7h'
const CLEAR_LINE = '\u001b[2K'
const CLEAR_BELOW = '\u001b[J'
const CLEAR_ALL = '\u001b[2J\u001b[H'

/**
 * The live status screen. It is drawn in place below what the terminal already shows (the alternate screen is not
 * used, so that the last state stays readable after the end), at most ten times a second and once a second at rest.
 * A terminal that does not take its output is skipped, not queued for.
 */
export class StatusScreen {
  readonly #terminal: Terminal
  readonly #options: ScreenOptions
  #drawn = 0
  #pending: NodeJS.Timeout | null = null
  readonly #tick: NodeJS.Timeout
  #stopped = false

  constructor(terminal: Terminal, options: ScreenOptions) {
    this.#terminal = terminal
    this.#options = options
    terminal.on('resize', this.#onResize)
    this.#tick = setInterval(() => this.refresh(), TICK_MS)
    this.#draw(HIDE_CURSOR)
  }

  /** The state has changed: redraw soon. */
  refresh(): void {
    if (this.#stopped || this.#pending) return
    this.#pending = setTimeout(() => {
      this.#pending = null
      if (!this.#terminal.writableNeedDrain) this.#draw('')
    }, REDRAW_MS)
  }

  /** Draws the last state and gives the terminal back as it was. Safe to call twice. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    clearInterval(this.#tick)
    if (this.#pending) clearTimeout(this.#pending)
    this.#terminal.off('resize', this.#onResize)
    this.#draw('')
    this.#terminal.write(SHOW_CURSOR)
  }

  // After a resize the terminal has wrapped the old lines in its own way, so that they cannot be counted back.
  readonly #onResize = (): void => {
    this.#drawn = 0
    this.#draw(CLEAR_ALL)
  }

  #draw(before: string): void {
    const { columns, rows } = this.#terminal
    const lines = render(this.#options.model(), { columns, rows: rows - 1, color: this.#options.color })
    const back = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : ''
    const body = lines.map((line) => `${CLEAR_LINE}${line}\n`).join('')
    this.#terminal.write(`${before}${WRAP_OFF}${back}\r${body}${CLEAR_BELOW}${WRAP_ON}`)
    this.#drawn = lines.length
  }
}
