import { randomBytes } from 'node:crypto'

/** Events that readers who were away for a moment can catch up on. */
const KEPT = 1_000

/** Takes an event as it goes out. Called synchronously; must not throw. */
export type EventListener = (text: string) => void

/** What happens in the server, for those who watch it: numbered, and the last ones kept. */
export class EventHub {
  /** Tells the numbers of this process from those of the one before. */
  readonly #process = randomBytes(4).toString('hex')
  readonly #listeners = new Set<EventListener>()
  readonly #kept: string[] = []
  #count = 0

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size
  }

  /** The id of the last event. */
  get lastId(): string {
    return `${this.#process}-${this.#count}`
  }

  /** Tells everybody, and keeps it for those who come back. */
  publish(type: string, data: unknown): void {
    this.#count++
    const text = eventText(type, data, this.lastId)
    this.#kept.push(text)
    if (this.#kept.length > KEPT) this.#kept.shift()
    this.#tell(text)
  }

  /** Tells those who listen now, if any; `data` is asked for then only. */
  mention(type: string, data: () => unknown): void {
    if (this.#listeners.size > 0) this.#tell(eventText(type, data(), null))
  }

  /** The events after the one with this id; null when they are not known any more. */
  since(id: string): readonly string[] | null {
    const [process, number = ''] = id.split('-')
    const missing = this.#count - Number(number)
    const isKnown = process === this.#process && /^\d{1,15}$/.test(number) && missing >= 0
    if (!isKnown || missing > this.#kept.length) return null
    return missing === 0 ? [] : this.#kept.slice(-missing)
  }

  /** Returns what ends it. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(text: string): void {
    for (const listener of this.#listeners) listener(text)
  }
}

/** One event as it is sent (HTML, server-sent events). JSON has no line breaks. */
export function eventText(type: string, data: unknown, id: string | null): string {
  return `${id === null ? '' : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}
