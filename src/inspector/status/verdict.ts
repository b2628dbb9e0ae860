import type { InspectorStatus } from '../contract.js'

/** Requests that take less than this are not slow, ms. */
const FAST_MS = 100
/** A way to the server that takes longer is felt with every request, ms. */
const FAR_MS = 150

/** One sentence that says what makes requests slow, or that nothing does. */
export function verdictOf({ state, rttMs, timeSpent }: Pick<InspectorStatus, 'state' | 'rttMs' | 'timeSpent'>): string {
  if (state !== 'online') return 'The agent has no connection to the server: visitors wait, or are turned away.'
  const isFar = rttMs !== null && rttMs > FAR_MS
  if (timeSpent === null && !isFar) return 'There were no requests in the last minute.'
  const { sending, waiting, receiving } = timeSpent ?? { sending: 0, waiting: 0, receiving: 0 }
  const total = sending + waiting + receiving
  if (isFar && rttMs > total) return `The way to the server is long: ${ms(rttMs)} there and back.`
  if (total < FAST_MS) return `Nothing is slow: requests take ${ms(total)} on average.`
  const of = `of ${ms(total)} on average`
  if (waiting >= sending && waiting >= receiving)
    return `The upstream is slow: ${ms(waiting)} ${of} go by before it answers.`
  if (receiving >= sending)
    return `Answers take long to pass: ${ms(receiving)} ${of}; they are large, or the upstream or the visitors are slow.`
  return `Requests take long to come: ${ms(sending)} ${of}; their bodies are large, or the visitors are slow.`
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
}
