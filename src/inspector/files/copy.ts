import { HOP_BY_HOP } from '../../core/http-fields.js'
import type { PlainField, Recording } from './recording.js'
import { shellQuote, shellQuoteBytes } from './shell-quote.js'

export const COPY_FORMS = ['curl', 'fetch', 'httpie'] as const

export type CopyForm = (typeof COPY_FORMS)[number]

/** What a client sets by itself, or the server adds on the way: it would be there twice. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'content-length',
  'expect',
  'forwarded',
  'host',
  'trailer',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
])

/** The request as a command or code that sends it to its public address. Redacted values stay as they are. */
export function copyOf(recording: Recording, form: CopyForm): string {
  const { method, target, scheme, host, request } = recording
  const call: Call = {
    method,
    target,
    origin: `${scheme}://${host || 'localhost'}`,
    fields: request.fields.filter(({ name }) => !NOT_COPIED.has(name.toLowerCase())),
    body: request.body,
    text: request.text?.includes('\0') ? null : request.text,
  }
  return WRITERS[form](call)
}

interface Call {
  readonly method: string
  readonly target: string
  readonly origin: string
  readonly fields: readonly PlainField[]
  readonly body: Buffer
  /** Null: it is no text, or none that fits into an argument. */
  readonly text: string | null
}

const WRITERS: Readonly<Record<CopyForm, (call: Call) => string>> = { curl, fetch: fetchCode, httpie }

function has(fields: readonly PlainField[], lower: string): boolean {
  return fields.some(({ name }) => name.toLowerCase() === lower)
}

function urlOf({ origin, target }: Call): string {
  return target.startsWith('/') ? origin + target : `${origin}/`
}

/** The body in front of a pipe. */
function piped(command: string, body: Buffer): string {
  return `base64 -d <<'END' | ${command}\n${body.toString('base64').replace(/.{76}(?=.)/g, '$&\n')}\nEND`
}

function curl(call: Call): string {
  const { method, target, fields, body, text } = call
  // what stands in a URL for curl alone is not to be taken for that
  const words = ['curl', '--globoff', '--path-as-is']
  if (method === 'HEAD') words.push('--head')
  else if (method !== (body.length > 0 ? 'POST' : 'GET')) words.push('--request', shellQuote(method))
  if (!target.startsWith('/')) words.push('--request-target', shellQuote(target))
  words.push(shellQuoteBytes(urlOf(call)))
  for (const { name, value } of fields) {
    words.push('--header', shellQuoteBytes(value === '' ? `${name};` : `${name}: ${value}`))
  }
  const added = body.length > 0 ? ['accept', 'user-agent', 'content-type'] : ['accept', 'user-agent']
  for (const name of added) if (!has(fields, name)) words.push('--header', shellQuote(`${name}:`))
  if (has(fields, 'accept-encoding')) words.push('--compressed')
  if (body.length === 0) return words.join(' ')
  if (text !== null) return [...words, '--data-raw', shellQuote(text)].join(' ')
  return piped([...words, '--data-binary', '@-'].join(' '), body)
}

function httpie(call: Call): string {
  const { method, fields, body, text } = call
  const words = ['http', method, urlOf(call)].map(shellQuoteBytes)
  for (const { name, value } of fields) {
    // the blank keeps `=` and `@` from being read as a part of what separates the two
    words.push(shellQuoteBytes(value === '' ? `${name};` : `${name}: ${value.replace(/\\/g, '\\\\')}`))
  }
  if (body.length === 0) return [...words, '--ignore-stdin'].join(' ')
  if (text !== null) return [...words, '--ignore-stdin', '--raw', shellQuote(text)].join(' ')
  return piped(words.join(' '), body)
}

function fetchCode(call: Call): string {
  const { method, fields, body, text } = call
  const lines = [`method: ${literal(method)},`]
  if (fields.length > 0) {
    lines.push('headers: [')
    for (const { name, value } of fields) lines.push(`  [${literal(name)}, ${literal(value)}],`)
    lines.push('],')
  }
  if (body.length > 0) {
    const bytes = `Uint8Array.from(atob(${literal(body.toString('base64'))}), (c) => c.charCodeAt(0))`
    lines.push(`body: ${text === null ? bytes : literal(text)},`)
  }
  return `await fetch(${literal(urlOf(call))}, {\n${lines.map((line) => `  ${line}\n`).join('')}})`
}

/** A string of JavaScript that may stand in any file, page or terminal. */
function literal(text: string): string {
  return JSON.stringify(text).replace(
    /[<\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
