import type { Code } from '../../../core/error-codes.js'
import type { Problem } from '../problems.js'
import type { Http2Line } from './exchange.js'

const FIELDS = ['content-type', 'text/plain; charset=utf-8', 'cache-control', 'no-store']

/**
 * Answers a request that was never understood, in one go, and ends our side of its stream. Its text is left out when the
 * visitor takes no bodies now: nobody would wait for him. `window`: of a stream that begins.
 */
export function writeRefusal(
  { writer, encoder, turns }: Pick<Http2Line, 'writer' | 'encoder' | 'turns'>,
  stream: number,
  { status, code, detail }: Pick<Problem, 'status' | 'detail'> & { readonly code: Code },
  window: number,
): void {
  const text = Buffer.from(`${status}\n\n${detail}\n${code}\n`)
  const fits = Math.min(window, turns.window) >= text.length
  writer.headers(stream, encoder.encode(status, FIELDS), !fits)
  if (!fits) return
  turns.window -= text.length
  writer.data(stream, text, 0, text.length, true)
}
