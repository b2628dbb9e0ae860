import type { Fields } from '../../../../src/core/http-fields.js'
import {
  RandomIds,
  RequestHeaders,
  type ForwardedRequest,
  type RequestFacts,
  type RequestHeadersOptions,
} from '../../../../src/proxy/http/headers/index.js'

export const REQUEST_ID = '0123456789abcdef0123456789abcdef'

const FACTS: RequestFacts = {
  version: '1.1',
  scheme: 'https',
  authority: 'shop.example.com',
  port: 443,
  peer: '203.0.113.9',
  peerTrusted: false,
  requestId: REQUEST_ID,
  upgrade: null,
  clientCert: null,
}

export interface Forwarding extends ForwardedRequest {
  /** The values of all fields of that name, in any case. */
  values(name: string): string[]
}

/** What the upstream gets of a request with these fields; facts and options as one mostly wants them. */
export function forward(
  fields: Fields,
  facts: Partial<RequestFacts> = {},
  options: Partial<RequestHeadersOptions> = {},
): Forwarding {
  const headers = new RequestHeaders({
    host: null,
    edits: { add: [], remove: [] },
    pseudonym: 'uniroute',
    ids: new RandomIds(),
    ...options,
  })
  const request = headers.rewrite(fields, { ...FACTS, ...facts })
  return { ...request, values: (name) => valuesOf(request.fields, name) }
}

/** The values of all fields of that name, in any case. */
export function valuesOf(fields: Fields, name: string): string[] {
  return fields.filter((_, i) => i % 2 === 1 && fields[i - 1]!.toLowerCase() === name.toLowerCase())
}

/** The names of all fields, in lower case. */
export function namesOf(fields: Fields): string[] {
  return fields.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
}
