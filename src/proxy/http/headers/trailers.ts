import { HOP_BY_HOP, type Fields } from '../../../core/http-fields.js'
import { removeFields } from './connection.js'

/** Fields that must not come behind a body (RFC 9110 §6.5.1): they say how the message is to be read, or who may. */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...[
    'authorization',
    'cache-control',
    'content-encoding',
    'content-length',
    'content-range',
    'content-type',
    'cookie',
  ],
  ...['expect', 'host', 'max-forwards', 'set-cookie', 'trailer', 'www-authenticate'],
])

/** The trailers that may be passed on, in a new array: of requests and of responses. */
export function trailerFields(fields: Fields): string[] {
  const out = fields.filter((_, i) => !(fields[i & ~1] as string).startsWith(':'))
  removeFields(out, NOT_IN_TRAILERS)
  return out
}
