import type { Code } from '../core/error-codes.js'
import { ConfigError } from '../core/errors.js'
import { printable } from '../core/printable.js'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/

/**
 * Checks a name that people choose: 1 to 64 letters, digits and . _ @ -, not to be taken for an id or a token.
 * Throws ConfigError with `code`; `what` is what it names, with its article.
 */
export function checkName(name: string, what: string, idPrefix: string, code: Code): void {
  if (NAME.test(name) && !name.startsWith(idPrefix) && !/^unra?_/.test(name)) return
  throw new ConfigError(
    code,
    `"${printable(name.slice(0, 80))}" cannot name ${what}. What to do: use 1 to 64 letters, digits and . _ @ -, ` +
      `beginning with a letter or digit, and not with ${idPrefix} or unr_.`,
  )
}
