import type { ClientHttp2Session } from 'node:http2'
import { Agent as HttpsAgent } from 'node:https'
import type { Test } from 'tap'
import { Hang } from '../hang.js'
import { HttpProduct, hostOf } from '../http-product.js'
import { call2, HttpVisitors, type Call } from '../http-visitors.js'
import { TELLS_MEMORY } from '../memory.js'
import type { Agent } from '../product.js'
import { Relay } from '../relay.js'
import { OpenedHttp1, OpenedHttp2, STAGES, type Opened, type Site, type Stage } from './opened.js'
import { heldBy, settled, type Held } from './residue.js'
import { StagedUpstream, WHOLE, type Deed } from './staged-upstream.js'

/** Requests under way at once. */
const AT_ONCE = 24
/** Requests of a session of HTTP/2 before it is taken away. */
const PER_SESSION = 100
/** Requests at each stage, by each version of HTTP and to each upstream, in the moment in which the agent is lost. */
const PER_STAGE = 8
const BODY = Buffer.alloc(20_000, 'x')
const POST: Call = { method: 'POST', body: BODY, headers: { 'content-length': String(BODY.length) } }
/** The upstream breaks off so that the visitor, */
const CUTS = ['cut-head', 'cut-sent', 'cut-body', 'cut-answer-head', 'cut-answer', 'cut-after'] as const
const HTTP1 = hostOf('http1')
const HTTP2 = hostOf('http2')
const RUDE = hostOf('rude')
const NODE_OPTIONS = TELLS_MEMORY

/** Requests that are broken off at every stage, by the visitor, the upstream, or the loss of the agent. */
export class BrokenRequests {
  readonly product: HttpProduct
  /** Of these two upstreams, one of each version of HTTP. */
  agents: Agent[] = []
  /** What came out otherwise than it should have. */
  readonly wrong: string[] = []
  readonly #t: Test
  readonly #relay: Relay
  readonly upstream_: StagedUpstream
  /** What they open is closed by us, long before the test is over. */
  readonly #visitors: HttpVisitors
  #keys = 0

  private constructor(t: Test, made: { product: HttpProduct; relay: Relay; upstream: StagedUpstream }) {
    this.#t = t
    this.product = made.product
    this.#relay = made.relay
    this.upstream_ = made.upstream
    this.#visitors = new HttpVisitors({ teardown: () => undefined }, made.product)
  }

  static async start(t: Test, limits: Readonly<Record<string, unknown>> = {}): Promise<BrokenRequests> {
    // Nothing ends by its age here, however slow the machine.
    const patient = { http_header_timeout: '5m', http_idle_timeout: '5m', http_body_timeout: '5m' }
    const config = { limits: { http2_reset_rate: 100_000, ...patient, ...limits } }
    const [product, upstream] = await Promise.all([
      HttpProduct.start(t, { config, env: { NODE_OPTIONS } }),
      StagedUpstream.start(t),
    ])
    const relay = await Relay.start(t, product.port)
    const broken = new BrokenRequests(t, { product, relay, upstream })
    await Promise.all([broken.#startAgents(), product.agent(t, upstream.hangUpPort, 'rude')])
    return broken
  }

  async #startAgents(): Promise<void> {
    const { port, http2Port } = this.upstream_
    const options = { via: this.#relay.port, env: { NODE_OPTIONS } }
    const flags = ['--connections', '1', '--hold', '60s']
    this.agents = await Promise.all([
      this.product.agent(this.#t, port, 'http1', flags, options),
      this.product.agent(this.#t, http2Port, 'http2', [...flags, '--upstream-protocol', 'http2'], options),
    ])
  }

  /** Waits until nothing is left of any request; what the server and the agents hold then. */
  async held(before: readonly Held[] = []): Promise<Held[]> {
    await settled(this.product.server, () => this.upstream_.closeIdle())
    const processes = [this.product.server.process, ...this.agents.map(({ process }) => process)]
    return Promise.all(processes.map((process, at) => heldBy(process, before[at] ?? null)))
  }

  /** So many requests that the visitor gives up, and some more whose connection he closes. */
  async visitorsGone(count: number): Promise<void> {
    await this.#each(count, [HTTP1, HTTP2], async (sessions, next) => {
      for (let n = next(); n !== null; n = next()) {
        const [host, session] = sessions[(n >> 1) % sessions.length]!
        const site = this.#site(host)
        const stage = STAGES[(n >> 2) % STAGES.length]!
        const opened = n % 2 === 0 ? await OpenedHttp1.open(site, stage) : await OpenedHttp2.open(site, stage, session)
        opened.leave()
        await opened.given()
      }
      for (const [host, session] of sessions) {
        const last = await Promise.all(STAGES.map((stage) => OpenedHttp2.open(this.#site(host), stage, session)))
        session.destroy()
        await Promise.all(last.map((opened) => (opened.leave(), opened.given())))
      }
    })
  }

  /** So many requests whose upstream breaks off. */
  async upstreamsGone(count: number): Promise<void> {
    await this.#each(count, [HTTP1, HTTP2, RUDE], async (sessions, next) => {
      const agent = new HttpsAgent({ keepAlive: true })
      for (let n = next(); n !== null; n = next()) {
        const [host, session] = sessions[(n >> 2) % sessions.length]!
        const deed = CUTS[Math.floor(n / (4 * sessions.length)) % CUTS.length]!
        const path = `/${deed}/${this.#nextKey()}`
        const call = n % 4 < 2 && deed !== 'cut-body' ? {} : POST
        const answer = n % 2 === 0 ? this.#visitors.call(host, path, call, agent) : call2(session, path, call)
        const outcome = await answer.then(
          ({ status, body }) => (body === WHOLE ? 'whole' : String(status)),
          (error: Error) => (error instanceof Hang ? 'hung' : 'broken'),
        )
        // Of a connection to an upstream that carries several requests, each may be cut by what another asks for.
        const expected = host === RUDE ? ['502'] : host === HTTP2 ? ['502', ...OUTCOMES[deed]] : OUTCOMES[deed]
        if (!expected.includes(outcome)) this.wrong.push(`${path} to ${host}: ${outcome}`)
      }
      agent.destroy()
    })
  }

  /** So many requests, or some more, whose agent is lost: it is killed, or its connection breaks for good. */
  async agentsLost(count: number, how: 'killed' | 'cut'): Promise<void> {
    for (let done = 0; done < count;) {
      const sessions = [HTTP1, HTTP2].map((host) => [host, this.#session(host)] as const)
      const opening: Promise<Opened>[] = []
      for (const [host, session] of sessions) {
        const site = this.#site(host)
        for (const stage of STAGES) {
          for (let i = 0; i < PER_STAGE; i++) {
            opening.push(OpenedHttp1.open(site, stage), OpenedHttp2.open(site, stage, session))
          }
        }
      }
      const opened = await Promise.all(opening)
      done += opened.length
      if (how === 'cut') this.#relay.cut()
      else {
        await Promise.all(this.agents.map((agent) => agent.process.stop('SIGKILL')))
        await this.#startAgents()
      }
      await Promise.all(
        opened.map(async (each) => {
          const outcome = await each.outcome()
          if (!LOST[each.stage].includes(outcome)) this.wrong.push(`agent ${how}, ${each.name}: ${outcome}`)
          each.leave()
          await each.given()
        }),
      )
      for (const [, session] of sessions) session.destroy()
    }
  }

  /**
   * Lets several workers do so many things. Each gets a session of HTTP/2 for each host, and new ones when it has done
   * its share; `next` gives the number of one more thing to do, or null.
   */
  async #each(
    count: number,
    hosts: readonly string[],
    work: (sessions: readonly (readonly [string, ClientHttp2Session])[], next: () => number | null) => Promise<void>,
  ): Promise<void> {
    let begun = 0
    const worker = async () => {
      while (begun < count) {
        let share = PER_SESSION
        const sessions = hosts.map((host) => [host, this.#session(host)] as const)
        await work(sessions, () => (share-- > 0 && begun < count ? begun++ : null))
        for (const [, session] of sessions) session.destroy()
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  }

  #session(host: string): ClientHttp2Session {
    const session = this.#visitors.http2(host)
    // What one does not read must not keep the others' answers.
    session.once('connect', () => session.setLocalWindowSize(64 * 1024 * 1024))
    return session
  }

  #site(host: string): Site {
    return { visitors: this.#visitors, host, upstream: this.upstream_, nextKey: () => this.#nextKey() }
  }

  #nextKey(): string {
    return String(this.#keys++)
  }
}

/** What visitors get of an upstream that breaks off; a reset may overtake what was sent before it. */
const OUTCOMES: Readonly<Record<(typeof CUTS)[number], readonly string[]>> = {
  'cut-head': ['502'],
  'cut-sent': ['502'],
  'cut-body': ['502'],
  'cut-answer-head': ['502'],
  'cut-answer': ['broken', '502'],
  'cut-after': ['whole', '502', 'broken'],
} satisfies Partial<Record<Deed, readonly string[]>>

/** And of an agent that is lost: who has not asked yet waits for the next one. */
const LOST: Readonly<Record<Stage, readonly string[]>> = {
  'before the head': ['200', 'none'],
  'in the head': ['200', 'none'],
  'head sent': ['502'],
  'in the body': ['502'],
  'in the answer': ['broken'],
  'after the answer': ['none'],
  'another protocol': ['broken'],
}
