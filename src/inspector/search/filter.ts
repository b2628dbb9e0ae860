import { ConfigError } from '../../core/errors.js'
import type { ExchangeFilter } from '../contract.js'
import type { Exchange, Message } from '../exchange.js'
import { decodeBody } from '../files/body.js'

/** Whether an exchange is one of those that were asked for. */
export type Test = (exchange: Exchange) => boolean

/** The filter without what pages are made of. */
export type Narrowing = Omit<ExchangeFilter, 'limit' | 'before'>

/**
 * Makes one test of a filter; what costs little is looked at first, bodies last.
 * Throws ConfigError UR_INSPECT_FILTER for a status or field that was not understood.
 */
export function testOf(filter: Narrowing): Test {
  const tests: Test[] = []
  const { tunnel, kind, method, path, status, minMs, maxMs, minBytes, maxBytes, header, body, q } = filter
  if (tunnel !== undefined) tests.push((exchange) => exchange.tunnel === tunnel)
  if (kind !== undefined) tests.push((exchange) => exchange.kind === kind)
  if (method !== undefined) tests.push((exchange) => exchange.method.toLowerCase() === method.toLowerCase())
  if (path !== undefined) tests.push(({ target }) => holds(target, path))
  if (status !== undefined) tests.push(statusTest(status))
  if (minMs !== undefined) tests.push(({ doneMs }) => doneMs !== null && doneMs >= minMs)
  if (maxMs !== undefined) tests.push(({ doneMs }) => doneMs !== null && doneMs <= maxMs)
  if (minBytes !== undefined) tests.push(({ response }) => (response?.bytes ?? 0) >= minBytes)
  if (maxBytes !== undefined) tests.push(({ response }) => (response?.bytes ?? 0) <= maxBytes)
  if (header !== undefined) tests.push(fieldTest(header))
  if (body !== undefined) tests.push((exchange) => messagesOf(exchange).some((message) => bodyHolds(message, body)))
  if (q !== undefined) tests.push(wordsTest(q))
  return (exchange) => tests.every((test) => test(exchange))
}

function holds(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase())
}

function messagesOf({ request, response }: Exchange): Message[] {
  return response === null ? [request] : [request, response]
}

function bodyHolds(message: Message, part: string): boolean {
  if (message.body.length === 0) return false
  const { text } = decodeBody(message)
  return text !== null && holds(text, part)
}

function statusTest(text: string): Test {
  if (text === 'none') return ({ response }) => response === null
  const [, hundred] = /^([1-9])xx$/i.exec(text) ?? []
  if (hundred !== undefined) return between(Number(hundred) * 100, Number(hundred) * 100 + 99)
  const [, first, last = first] = /^(\d{3})(?:-(\d{3}))?$/.exec(text) ?? []
  if (first !== undefined) return between(Number(first), Number(last))
  throw wrong(`the status "${text}" was not understood; write 404, 4xx, 400-499 or none`)
}

function between(first: number, last: number): Test {
  return ({ response }) => response !== null && response.status >= first && response.status <= last
}

function fieldTest(text: string): Test {
  const colon = text.indexOf(':', 1)
  const name = (colon < 0 ? text : text.slice(0, colon)).trim().toLowerCase()
  const value = colon < 0 ? '' : text.slice(colon + 1).trim()
  if (name === '') throw wrong('a field was asked for without its name; write NAME or NAME: PART OF THE VALUE')
  return (exchange) =>
    messagesOf(exchange).some(({ fields, trailers }) =>
      [...fields, ...trailers].some((field) => field.name.toLowerCase() === name && holds(field.value, value)),
    )
}

/** Each word in method, target, host, status or fields, or else in a body. */
function wordsTest(text: string): Test {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return (exchange) => {
    const head = headText(exchange)
    const missing = words.filter((word) => !head.includes(word))
    if (missing.length === 0) return true
    const bodies = messagesOf(exchange).flatMap((message) =>
      message.body.length === 0 ? [] : [(decodeBody(message).text ?? '').toLowerCase()],
    )
    return missing.every((word) => bodies.some((body) => body.includes(word)))
  }
}

function headText({ method, target, host, request, response, problem }: Exchange): string {
  const parts = [method, target, host, problem ?? '', response === null ? '' : `${response.status} ${response.reason}`]
  for (const { fields, trailers } of response === null ? [request] : [request, response]) {
    for (const { name, value } of [...fields, ...trailers]) parts.push(`${name}: ${value}`)
  }
  return parts.join('\n').toLowerCase()
}

function wrong(message: string): ConfigError {
  return new ConfigError('UR_INSPECT_FILTER', message)
}
