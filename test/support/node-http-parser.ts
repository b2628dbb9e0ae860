/** A request as a parser tells it. */
export interface ReadRequest {
  readonly method: string
  readonly target: string
  readonly version: string
  /** Name, value, name, value… */
  readonly headers: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
}

interface Parser {
  [callback: number]: (...given: never[]) => number | void
  initialize(type: number, resource: object): void
  execute(bytes: Buffer): number | Error
  close(): void
}

interface Binding {
  readonly methods: readonly string[]
  readonly allMethods?: readonly string[]
  readonly HTTPParser: (new () => Parser) & Record<string, number>
}

// Node's own parser has no public door. This one is deprecated, and still there in each version that we support.
const binding = (process as unknown as { binding(name: string): Binding }).binding('http_parser')
const { HTTPParser } = binding
const methods = binding.allMethods ?? binding.methods

/** The methods that Node takes. */
export const NODE_METHODS: ReadonlySet<string> = new Set(methods)

/** The requests that Node's parser (llhttp, strict) reads, one behind the other, until it refuses or the connection ends. */
export function nodeReads(input: Buffer): ReadRequest[] {
  const requests: ReadRequest[] = []
  const parser = new HTTPParser()
  parser.initialize(HTTPParser['REQUEST']!, {})
  let head: Omit<ReadRequest, 'body' | 'trailers'> | null = null
  let early: string[] = []
  let target = ''
  let body = ''
  let trailers: string[] = []
  parser[HTTPParser['kOnHeaders']!] = (fields: string[], url: string) => {
    if (head === null) {
      early = [...early, ...fields]
      target += url
    } else trailers = [...trailers, ...fields]
  }
  parser[HTTPParser['kOnHeadersComplete']!] = (
    major: number,
    minor: number,
    fields: string[] | undefined,
    method: number,
    url: string | undefined,
  ) => {
    head = {
      method: methods[method] ?? '',
      target: url === undefined ? target : url,
      version: `${major}.${minor}`,
      headers: fields ?? early,
    }
    early = []
    body = ''
    trailers = []
    return 0
  }
  parser[HTTPParser['kOnBody']!] = (chunk: Buffer) => void (body += chunk.toString('latin1'))
  parser[HTTPParser['kOnMessageComplete']!] = () => {
    if (head !== null) requests.push({ ...head, body, trailers })
    head = null
    target = ''
  }
  parser.execute(Buffer.from(input))
  parser.close()
  return requests
}
