import type { ReadStream } from 'node:tty'
import { ConfigError } from '../../core/errors.js'
import { Secret } from '../../core/secret.js'

/** Characters of what is taken for a token. */
const MOST = 1_000

const [ENTER, NEW_LINE, INTERRUPT, END, BACKSPACE, DELETE] = ['\r', '\n', '\x03', '\x04', '\b', '\x7f']

/**
 * A token from standard input: typed on a terminal, which does not show it, or the first line of what is piped.
 * Throws ConfigError UR_LOGIN_TOKEN when none comes.
 */
export async function askToken(input: NodeJS.ReadStream, ask: (text: string) => void): Promise<Secret> {
  const text = input.isTTY ? await typed(input, ask) : await piped(input)
  const token = text.trim()
  if (/^[\x21-\x7e]+$/.test(token)) return new Secret(token)
  throw new ConfigError(
    'UR_LOGIN_TOKEN',
    'no token was given; type it when asked, or pipe it: uniroute login --server HOST < FILE',
  )
}

async function piped(input: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of input as AsyncIterable<Buffer>) {
    text += chunk.toString()
    if (text.length > MOST || text.includes('\n')) break
  }
  return text.split('\n', 1)[0] ?? ''
}

async function typed(input: ReadStream, ask: (text: string) => void): Promise<string> {
  // First of all: who types at once would see it.
  input.setRawMode(true)
  ask('Token (it is not shown): ')
  let text = ''
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      for (const key of chunk.toString()) {
        if (key === ENTER || key === NEW_LINE || key === END) return text
        if (key === INTERRUPT) return ''
        if (key === BACKSPACE || key === DELETE) text = text.slice(0, -1)
        else if (text.length < MOST) text += key
      }
    }
    return text
  } finally {
    input.setRawMode(false)
    ask('\n')
  }
}
