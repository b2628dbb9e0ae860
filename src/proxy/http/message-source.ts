import { LimitError, ProtocolError } from '../../core/errors.js'

/** Whose HTTP/1.1 messages are read: what of the grammar is allowed to them, and how a bad message is told. */
export interface MessageSource {
  /** Fields may go on in a line that begins with a space (obs-fold, RFC 9112 §5.2). */
  readonly folds: boolean
  /** What may stand nowhere in a header or trailer section. */
  readonly stray: RegExp
  /** The line with the size of a chunk (RFC 9112 §7.1), without its end; the first group is the size. */
  readonly chunkSize: RegExp
  /** A message that is malformed, or can be read in two ways. */
  wrong(why: string): Error
  /** A header section of more than `bytes`. */
  tooLong(bytes: number): Error
}

/** Folded fields are refused: a server must, or unfold them (RFC 9112 §5.2), and who unfolds may be one who smuggles. */
export const VISITOR: MessageSource = {
  folds: false,
  chunkSize: /^([0-9a-fA-F]{1,12})(?:;[^\0\r\n]*)?$/,
  stray: /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/,
  wrong: (why) => new ProtocolError('UR_HTTP_MALFORMED', `The request is no valid HTTP/1.1: ${why}.`),
  tooLong: () => new LimitError('UR_HTTP_HEADER_TOO_LONG', 'The header section of the request is too long.'),
}

export const UPSTREAM: MessageSource = {
  folds: true,
  // There are servers that pad it with spaces.
  chunkSize: /^([0-9a-fA-F]{1,12})[\t ]*(?:;[^\0\r\n]*)?$/,
  stray: /\0|\r(?!\n)|(?<!\r)\n/,
  wrong: invalidAnswer,
  tooLong: (bytes) => invalidAnswer(`its head is longer than ${bytes} bytes`),
}

function invalidAnswer(why: string): ProtocolError {
  return new ProtocolError('UR_UPSTREAM_INVALID', `the upstream's answer is no valid HTTP/1.1: ${why}`)
}
