import { Agent as HttpsAgent } from 'node:https'
import type { ClientHttp2Session } from 'node:http2'
import { within } from './hang.js'
import { call2, type Answer, type HttpVisitors } from './http-visitors.js'

export interface LoadOptions {
  readonly perSecond: number
  /** Requests under way at once; while there are so many, none is added. */
  readonly most: number
}

const TICK_MS = 5
const SESSIONS = 2

/** GETs at a steady rate, in turn by HTTP/1.1 and HTTP/2, on connections that are kept. */
export class SteadyLoad {
  /** What became of each request that was not answered with 200. */
  readonly failures: string[] = []
  /** How often each body came. */
  readonly bodies = new Map<string, number>()
  answered = 0
  readonly #visitors: HttpVisitors
  readonly #host: string
  readonly #options: LoadOptions
  readonly #agent: HttpsAgent
  readonly #sessions: ClientHttp2Session[]
  readonly #startedAt = performance.now()
  readonly #waiting = new Set<() => void>()
  readonly #timer: NodeJS.Timeout
  #underWay = 0
  #sent = 0
  #seen = 0

  private constructor(visitors: HttpVisitors, host: string, options: LoadOptions) {
    this.#visitors = visitors
    this.#host = host
    this.#options = options
    this.#agent = new HttpsAgent({ keepAlive: true, maxSockets: options.most / 2 })
    this.#sessions = Array.from({ length: SESSIONS }, () => visitors.http2(host))
    this.#timer = setInterval(() => this.#send(), TICK_MS)
    visitors.owner.teardown(() => {
      clearInterval(this.#timer)
      this.#agent.destroy()
    })
  }

  static start(visitors: HttpVisitors, host: string, options: Partial<LoadOptions> = {}): SteadyLoad {
    return new SteadyLoad(visitors, host, { perSecond: 1_000, most: 200, ...options })
  }

  /** Settles when so many more were answered, or failed. */
  more(count: number): Promise<void> {
    const wanted = this.#seen + count
    return within(
      `${count} more answers`,
      new Promise((resolve) => {
        const look = () => {
          if (this.#seen < wanted) return
          this.#waiting.delete(look)
          resolve()
        }
        this.#waiting.add(look)
      }),
    )
  }

  /** Sends no more, waits for the last answer, and tells how many came a second. */
  async stop(): Promise<number> {
    clearInterval(this.#timer)
    const perSecond = (this.answered * 1000) / (performance.now() - this.#startedAt)
    if (this.#underWay > 0) await this.more(this.#underWay)
    return Math.round(perSecond)
  }

  #send(): void {
    const due = ((performance.now() - this.#startedAt) * this.#options.perSecond) / 1000
    while (this.#sent < due) {
      const number = this.#sent++
      if (this.#underWay < this.#options.most) void this.#get(number)
    }
  }

  async #get(number: number): Promise<void> {
    this.#underWay++
    try {
      const answer = await this.#ask(number)
      if (answer.status === 200) this.answered++
      else this.failures.push(`GET ${number}: ${answer.status} ${String(answer.headers['x-uniroute-error'])}`)
      this.bodies.set(answer.body, (this.bodies.get(answer.body) ?? 0) + 1)
    } catch (error) {
      this.failures.push(`GET ${number}: ${String(error)}`)
    }
    this.#underWay--
    this.#seen++
    for (const look of this.#waiting) look()
  }

  #ask(number: number): Promise<Answer> {
    const path = `/${number}`
    if (number % 2 === 0) return this.#visitors.call(this.#host, path, {}, this.#agent)
    return call2(this.#sessions[(number >> 1) % SESSIONS]!, path)
  }
}
