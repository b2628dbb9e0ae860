import { ProtocolError } from '../core/errors.js'
import type { Code } from '../core/error-codes.js'
import { GO_AWAY_PROTOCOL_ERROR } from './frame.js'

/** The peer broke a rule of yamux. The carrier answers with a go away of this code and the session ends. */
export class WireViolation extends ProtocolError {
  readonly goAway: number

  constructor(code: Code, message: string, goAway: number = GO_AWAY_PROTOCOL_ERROR) {
    super(code, message)
    this.goAway = goAway
  }
}
