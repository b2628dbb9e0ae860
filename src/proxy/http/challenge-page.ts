import type { Exchange, ExchangeEvents, RequestHead } from './api.js'
import { hostOf } from './host.js'

const PREFIX = '/.well-known/acme-challenge/'

/** What is to be sent for a token of http-01 and a host (RFC 8555 §8.3); null: nobody waits for it. */
export type ChallengeAnswer = (host: string, token: string) => Promise<string | null>

/** Whether a request may be that of a certificate authority which looks for a proof. */
export function isForChallenge({ target, method, body, upgrade }: RequestHead): boolean {
  return target.startsWith(PREFIX) && (method === 'GET' || method === 'HEAD') && body === 'none' && upgrade === null
}

/** Answers a request that `isForChallenge`; calls `otherwise` when its token is none of ours. */
export async function answerChallenge(exchange: Exchange, find: ChallengeAnswer, otherwise: () => void): Promise<void> {
  const { method, target, authority } = exchange.head
  let isGone = false
  exchange.start({ ...untilAnswered, onClose: () => (isGone = true) })
  const answer = await find(readHost(authority), target.slice(PREFIX.length))
  if (isGone) return
  if (answer === null) return otherwise()
  const body = Buffer.from(answer)
  const fields = ['Content-Type', 'text/plain; charset=utf-8', 'Cache-Control', 'no-store']
  const isWhole = method === 'HEAD'
  const length = ['Content-Length', String(body.length)]
  exchange.respond(200, [...fields, ...length], '', isWhole ? 'none' : body.length)
  if (!isWhole) exchange.write(body)
  exchange.end([])
}

/** There is no body that could come, and the answer needs no second write. */
const untilAnswered: Omit<ExchangeEvents, 'onClose'> = {
  onBody() {},
  onBodyEnd() {},
  onDrain() {},
}

function readHost(authority: string): string {
  try {
    return hostOf(authority)
  } catch {
    return ''
  }
}
