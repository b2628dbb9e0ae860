import { NetworkError } from '../core/errors.js'
import type { Stream } from '../wire/index.js'

/** Visitors' streams that the agent has not answered, each with its deadline (ms of the session's clock). */
export class Openings {
  readonly #deadlines = new Map<Stream, number>()

  add(stream: Stream, deadline: number): void {
    this.#deadlines.set(stream, deadline)
  }

  delete(stream: Stream): void {
    this.#deadlines.delete(stream)
  }

  /** Resets those whose time is over. */
  expire(now: number, held: boolean): void {
    for (const [stream, deadline] of this.#deadlines) {
      if (deadline > now) {
        // Deadlines are in order, except while the session is held.
        if (held) continue
        return
      }
      this.#deadlines.delete(stream)
      stream.reset(held ? awayTooLong() : unanswered())
    }
  }

  /** The agent is away: those that it was asked for are not its fault. */
  suspend(): void {
    for (const stream of this.#deadlines.keys()) this.#deadlines.set(stream, Infinity)
  }

  /** The agent is back, and has until `deadline` for all of them. */
  restart(deadline: number): void {
    for (const stream of this.#deadlines.keys()) this.#deadlines.set(stream, deadline)
  }
}

function unanswered(): NetworkError {
  return new NetworkError('UR_STREAM_UNANSWERED', 'The agent did not answer a visitor in time.')
}

function awayTooLong(): NetworkError {
  return new NetworkError(
    'UR_AGENT_AWAY',
    'The agent lost its connection, and was not back before the visitor had waited for as long as it may.',
  )
}
