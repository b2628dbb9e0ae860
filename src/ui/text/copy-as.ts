/** A request as commands and code write it. */
export interface CopiedRequest {
  readonly method: string
  readonly url: string
  readonly fields: readonly { readonly name: string; readonly value: string }[]
  /** Null: it has none. Text, or base64 of what is not text. */
  readonly body: { readonly text: string } | { readonly base64: string } | null
}

/** What the program that sends it writes itself, and what the servers in between wrote. */
const NOT_COPIED =
  /^(host|content-length|connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te|trailer|x-forwarded-\w+|forwarded|via)$/i

type Write = (request: CopiedRequest) => string

/** For a POSIX shell. */
export const asCurl: Write = ({ method, url, fields, body }) => {
  const words = [`curl ${quoted(url)}`]
  if (method !== (body === null ? 'GET' : 'POST')) words.push(`-X ${quoted(method)}`)
  if (method === 'HEAD') words[words.length - 1] = '-I'
  for (const { name, value } of copied(fields)) {
    if (name.toLowerCase() === 'accept-encoding') words.push('--compressed')
    // `name;` is how curl is told of a field without a value.
    else words.push(`-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`)
  }
  if (body !== null && 'text' in body) words.push(`--data-raw ${quoted(body.text)}`)
  if (body !== null && 'base64' in body) words.push('--data-binary @-')
  const command = words.join(' \\\n  ')
  return body !== null && 'base64' in body ? `printf %s ${quoted(body.base64)} | base64 -d | ${command}` : command
}

/** JavaScript. */
export const asFetch: Write = ({ method, url, fields, body }) => {
  const options: string[] = [`method: ${JSON.stringify(method)}`]
  const kept = copied(fields).filter(({ name }) => name.toLowerCase() !== 'accept-encoding')
  if (kept.length > 0) {
    options.push(`headers: [\n${kept.map(({ name, value }) => `    ${JSON.stringify([name, value])},\n`).join('')}  ]`)
  }
  if (body !== null && 'text' in body) options.push(`body: ${JSON.stringify(body.text)}`)
  if (body !== null && 'base64' in body) {
    options.push(`body: Uint8Array.from(atob(${JSON.stringify(body.base64)}), (byte) => byte.charCodeAt(0))`)
  }
  return `await fetch(${JSON.stringify(url)}, {\n${options.map((option) => `  ${option},\n`).join('')}})`
}

/** For a POSIX shell with HTTPie. */
export const asHttpie: Write = ({ method, url, fields, body }) => {
  const words = ['http', ...(body === null ? ['--ignore-stdin'] : []), quoted(method), quoted(url)]
  for (const { name, value } of copied(fields)) {
    // `name;` is how HTTPie is told of a field without a value.
    words.push(quoted(value === '' ? `${name};` : `${name}:${value}`))
  }
  const command = words.join(' ')
  if (body === null) return command
  if ('text' in body) return `printf %s ${quoted(body.text)} | ${command}`
  return `printf %s ${quoted(body.base64)} | base64 -d | ${command}`
}

function copied(fields: CopiedRequest['fields']): CopiedRequest['fields'] {
  return fields.filter(({ name }) => !NOT_COPIED.test(name) && !name.startsWith(':'))
}

/** A word of a POSIX shell: nothing in it means anything. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** Base64 of bytes, however many. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(binary)
}
