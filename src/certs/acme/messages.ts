import { z } from 'zod'

/** RFC 8555 §7.1.1, and RFC 9773 §4. */
export const directoryShape = z.object({
  newNonce: z.string(),
  newAccount: z.string(),
  newOrder: z.string(),
  renewalInfo: z.string().optional(),
  meta: z.object({ termsOfService: z.string().optional(), externalAccountRequired: z.boolean().optional() }).optional(),
})
export type Directory = z.infer<typeof directoryShape>

const identifier = z.object({ value: z.string() })

/** RFC 8555 §6.7 and RFC 7807. */
export const problemShape = z.object({
  type: z.string().optional(),
  detail: z.string().optional(),
  subproblems: z
    .array(z.object({ type: z.string().optional(), detail: z.string().optional(), identifier: identifier.optional() }))
    .optional(),
})
export type Problem = z.infer<typeof problemShape>

/** RFC 8555 §7.1.3. */
export const orderShape = z.object({
  status: z.enum(['pending', 'ready', 'processing', 'valid', 'invalid']),
  authorizations: z.array(z.string()),
  finalize: z.string(),
  certificate: z.string().optional(),
  error: problemShape.optional(),
})
export type Order = z.infer<typeof orderShape>

/** The token goes into paths and records: base64url, and no longer than anybody needs (RFC 8555 §8.1). */
const challenge = z.object({
  type: z.string(),
  url: z.string(),
  status: z.string(),
  token: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,256}$/)
    .optional(),
  error: problemShape.optional(),
})

/** RFC 8555 §7.1.4. */
export const authorizationShape = z.object({
  identifier,
  status: z.enum(['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked']),
  wildcard: z.boolean().optional(),
  challenges: z.array(challenge),
})
export type Authorization = z.infer<typeof authorizationShape>

/** RFC 9773 §4.2. */
export const renewalInfoShape = z.object({
  suggestedWindow: z.object({ start: z.iso.datetime({ offset: true }), end: z.iso.datetime({ offset: true }) }),
})
