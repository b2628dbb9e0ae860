import { z } from 'zod'

/*
 * What is read of HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), as browsers and proxies write it: more than
 * is needed is no error, and what only some write may be missing.
 */

/** An array that is given up at the first that is wrong: to tell of many would take far more memory than they do. */
function list<S extends z.ZodType>(schema: S): z.ZodType<z.output<S>[]> {
  return z.array(z.unknown()).transform((items, context) => {
    const read: z.output<S>[] = []
    for (const [i, item] of items.entries()) {
      const result = schema.safeParse(item)
      if (!result.success) {
        const [issue] = result.error.issues
        context.addIssue({ code: 'custom', message: issue!.message, path: [i, ...issue!.path] })
        return z.NEVER
      }
      read.push(result.data)
    }
    return read
  })
}

/** Text of one line, as it stands in heads: what a reader of files would take for two, no program that sends it may get. */
const line = z
  .string()
  .refine((text) => !/[\0\r\n]/.test(text), { error: 'it has a line break or NUL, which may not be there' })
const pair = z.object({ name: line, value: line })
const fields = list(pair).default([])
const size = z.number().default(-1)
const ms = z.number().default(-1)
const base64 = z.string().optional()

const postData = z.object({
  mimeType: z.string().default(''),
  text: z.string().optional(),
  params: list(z.object({ name: z.string(), value: z.string().optional() })).optional(),
  encoding: base64,
  _encoding: base64,
})

const content = z
  .object({ size, mimeType: z.string().default(''), text: z.string().optional(), encoding: base64 })
  .default({ size: -1, mimeType: '' })

const own = {
  _trailers: fields,
  _codings: list(line).default([]),
  _truncated: z.boolean().default(false),
}

const message = z.object({
  type: z.enum(['send', 'receive']),
  /** Epoch seconds. */
  time: z.number(),
  opcode: z.number().int(),
  data: z.string(),
})

export const HarEntry = z.object({
  startedDateTime: z.string().refine((text) => !Number.isNaN(Date.parse(text)), { error: 'it is no point in time' }),
  request: z.object({
    method: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'it is no method' }),
    url: line.refine((text) => URL.canParse(text), { error: 'it is no URL' }),
    httpVersion: z.string().default('HTTP/1.1'),
    headers: fields,
    postData: postData.optional(),
    _target: line.optional(),
    bodySize: size,
    ...own,
  }),
  response: z.object({
    /** 0: there was none. */
    status: z.number().int().min(0).max(999),
    statusText: line.default(''),
    httpVersion: z.string().default(''),
    headers: fields,
    content,
    bodySize: size,
    ...own,
  }),
  timings: z.object({ send: ms, wait: ms, receive: ms }).default({ send: -1, wait: -1, receive: -1 }),
  _webSocketMessages: list(message).optional(),
  _uniroute: z
    .object({
      kind: z.enum(['http', 'sse', 'websocket', 'grpc']).default('http'),
      tunnel: line.default(''),
      visitor: line.default(''),
      problem: z.string().nullable().default(null),
    })
    .optional(),
})

export const Har = z.object({ log: z.object({ entries: list(HarEntry) }) })

export type HarEntry = z.infer<typeof HarEntry>
