import type { Exchange } from '../../src/inspector/exchange.js'

/** An exchange as the inspector keeps it: GET / answered 200, without bodies, unless told otherwise. */
export function exchange(id: string, parts: Partial<Exchange> = {}): Exchange {
  return {
    id,
    kind: 'http',
    state: 'done',
    tunnel: 'web',
    visitor: '198.51.100.7',
    startedAt: Number.parseInt(id.slice(0, 11), 16),
    method: 'GET',
    target: '/',
    host: 'shop.example.com',
    protocol: 'HTTP/1.1',
    requestId: '',
    request: {
      fields: [],
      trailers: [],
      body: [],
      bytes: 0,
      codings: [],
      truncated: false,
      redacted: false,
      problem: null,
    },
    response: null,
    requestDoneMs: 1,
    answeredMs: 2,
    doneMs: 3,
    timeline: [],
    messages: 0,
    problem: null,
    replayOf: null,
    ...parts,
  }
}
