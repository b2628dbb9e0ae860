import { ProtocolError } from '../../core/errors.js'
import { UPSTREAM, type MessageSource } from '../../proxy/http/message-source.js'

/** HTTP/1.1 that passes by, of either side: what is allowed to upstreams is, as nothing is decided by it. */
export const OBSERVED: MessageSource = {
  ...UPSTREAM,
  wrong: notValid,
  tooLong: (bytes) => notValid(`a head is longer than ${bytes} bytes`),
}

function notValid(why: string): ProtocolError {
  return new ProtocolError('UR_HTTP_MALFORMED', `it is no valid HTTP/1.1: ${why}`)
}
