import http2 from 'node:http2'
import type { Duplex } from 'node:stream'
import protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor.js'
import { reasonText } from '../../agent/addresses.js'
import { GrpcMessageReader } from './message-reader.js'

/** The two names of the reflection service (grpc/grpc: reflection/v1, and v1alpha before it); its messages are the same. */
const METHODS = [
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
]
const TIMEOUT_MS = 5_000
const MOST_FILES = 1_000
const MOST_BYTES = 16 * 1024 * 1024
/** Status UNIMPLEMENTED */
const UNIMPLEMENTED = '12'

/** The server has no reflection, or gave no answer; the message says which. */
export class ReflectionError extends Error {}

/**
 * Asks a gRPC server, over a connection of its own that this function ends, which messages a service has: the
 * FileDescriptorProtos of its file and of all that it imports. `service`: `helloworld.Greeter`. Throws ReflectionError.
 */
export async function reflect(socket: Duplex, authority: string, service: string): Promise<Uint8Array[]> {
  const client = http2.connect(`http://${authority}`, { createConnection: () => socket })
  const gone = new Promise<never>((_, reject) => {
    client.once('error', (error: Error) => reject(new ReflectionError(`the connection failed: ${error.message}`)))
    client.once('close', () => reject(new ReflectionError('the connection was closed')))
  })
  gone.catch(() => undefined)
  const timer = setTimeout(() => client.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS)
  try {
    for (const method of METHODS) {
      const files = await Promise.race([gone, filesOf(new Call(client, method), service)])
      if (files !== null) return files
    }
    throw new ReflectionError('the server has no reflection service')
  } catch (error) {
    if (error instanceof ReflectionError) throw error
    throw new ReflectionError(`the call failed: ${reasonText(error)}`, { cause: error })
  } finally {
    clearTimeout(timer)
    client.destroy()
  }
}

/** Null: the server does not know the method. */
async function filesOf(call: Call, service: string): Promise<Uint8Array[] | null> {
  const files = new Map<string, Uint8Array>()
  let wanted: Uint8Array[] = [question(FILE_CONTAINING_SYMBOL, service)]
  const asked = new Set<string>()
  let bytes = 0
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    const answer = await call.ask(next)
    if (answer === null) return null
    for (const file of descriptorsOf(answer)) {
      const { name, dependency } = descriptor.FileDescriptorProto.decode(file) as unknown as FileDescriptor
      if (files.has(name)) continue
      files.set(name, file)
      bytes += file.length
      if (files.size > MOST_FILES || bytes > MOST_BYTES) throw new ReflectionError('it describes more than can be read')
      const missing = dependency.filter((other) => !files.has(other) && !asked.has(other))
      for (const other of missing) asked.add(other)
      wanted = wanted.concat(missing.map((other) => question(FILE_BY_FILENAME, other)))
    }
  }
  call.end()
  return [...files.values()]
}

interface FileDescriptor {
  readonly name: string
  readonly dependency: readonly string[]
}

const FILE_BY_FILENAME = 3
const FILE_CONTAINING_SYMBOL = 4
const DESCRIPTOR_RESPONSE = 4
const ERROR_RESPONSE = 7

/** ServerReflectionRequest with one of its `message_request`s. */
function question(field: number, text: string): Uint8Array {
  return protobuf.Writer.create()
    .uint32((field << 3) | 2)
    .string(text)
    .finish()
}

/** ServerReflectionResponse: the files of `file_descriptor_response`. */
function descriptorsOf(answer: Buffer): Uint8Array[] {
  const files: Uint8Array[] = []
  eachField(answer, (field, bytes) => {
    if (field === DESCRIPTOR_RESPONSE) eachField(bytes, (number, file) => number === 1 && files.push(file))
    if (field !== ERROR_RESPONSE) return
    eachField(bytes, (number, text) => {
      if (number === 2) throw new ReflectionError(`the server said: ${Buffer.from(text).toString('utf8')}`)
    })
  })
  return files
}

/** Calls back for each field that has a length. */
function eachField(message: Uint8Array, callback: (field: number, bytes: Uint8Array) => void): void {
  const reader = protobuf.Reader.create(message)
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if ((tag & 7) === 2) callback(tag >>> 3, reader.bytes())
    else reader.skipType(tag & 7)
  }
}

/** One call of ServerReflectionInfo: a question, an answer, and so on. */
class Call {
  readonly #stream: http2.ClientHttp2Stream
  readonly #answers: Buffer[] = []
  #unimplemented = false
  #over: string | null = null
  #wake: () => void = () => undefined

  constructor(client: http2.ClientHttp2Session, path: string) {
    this.#stream = client.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const reader = new GrpcMessageReader(MOST_BYTES, ({ payload }) => {
      this.#answers.push(payload)
      this.#wake()
    })
    const status = (fields: http2.IncomingHttpHeaders) => {
      if (fields['grpc-status'] === UNIMPLEMENTED) this.#unimplemented = true
    }
    this.#stream.on('response', status).on('trailers', status)
    this.#stream.on('data', (chunk: Buffer) => reader.push(chunk))
    this.#stream.on('error', (error: Error) => this.#end(error.message))
    this.#stream.on('close', () => this.#end('the server ended the call'))
  }

  /** Null: the server does not know the method. */
  async ask(question: Uint8Array): Promise<Buffer | null> {
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(question.length, 1)
    if (this.#over === null) this.#stream.write(Buffer.concat([prefix, question]))
    while (this.#answers.length === 0 && this.#over === null) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const answer = this.#answers.shift()
    if (answer !== undefined) return answer
    if (this.#unimplemented) return null
    throw new ReflectionError(this.#over ?? '')
  }

  end(): void {
    this.#stream.end()
  }

  #end(why: string): void {
    this.#over ??= why
    this.#wake()
  }
}
