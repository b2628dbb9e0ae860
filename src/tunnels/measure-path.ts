import type { Carrier } from '../wire/index.js'

/** Pings that tell how long the path is: what has just been started answers the first late. */
const PATH_PINGS = 4

/** Pings a new carrier, and tells the round trips in ms. */
export async function measurePath(carrier: Carrier, onTrip: (ms: number) => void): Promise<void> {
  for (let i = 0; i < PATH_PINGS && !carrier.closed; i++) {
    const ms = await carrier.ping().catch(() => null) // null: the carrier was lost, and with it the question
    if (ms !== null) onTrip(ms)
  }
}
