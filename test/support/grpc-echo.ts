import * as grpc from '@grpc/grpc-js'
import type { Test } from 'tap'
import { within } from './hang.js'
import type { HttpVisitors } from './http-visitors.js'
import type { Owner } from './places.js'

const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: (value: Buffer) => value,
  requestDeserialize: (value: Buffer) => value,
  responseSerialize: (value: Buffer) => value,
  responseDeserialize: (value: Buffer) => value,
})

const SERVICE = {
  unary: method('Unary', false, false),
  down: method('Down', false, true),
  up: method('Up', true, false),
  both: method('Both', true, true),
  never: method('Never', false, false),
  endless: method('Endless', false, true),
  fails: method('Fails', false, false),
} satisfies grpc.ServiceDefinition

type Name = keyof typeof SERVICE
type Reply = (error: grpc.ServiceError | null, value?: Buffer) => void

/** A grpc-js server: all four kinds of calls, and three that do not end well. */
export class GrpcEcho {
  readonly port: number
  /** Calls that a client gave up, by its word or because its deadline was over, as the server learnt. */
  #cancelled = 0
  /** Calls of `never` that it has had. */
  #begun = 0
  readonly #waiting = new Set<() => void>()

  private constructor(server: grpc.Server, port: number) {
    this.port = port
    server.addService(SERVICE, {
      unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
        const trailers = new grpc.Metadata()
        trailers.set('x-sum', String(call.request.length))
        done(null, call.request, trailers)
      },
      down: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
        for (let i = 0; i < 100; i++) call.write(Buffer.concat([call.request, Buffer.from(String(i))]))
        call.end()
      },
      up: (call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
        let count = 0
        call.on('data', () => count++)
        call.on('end', () => done(null, Buffer.from(String(count))))
      },
      both: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
        call.on('data', (chunk: Buffer) => call.write(chunk))
        call.on('end', () => call.end())
      },
      never: (call: grpc.ServerUnaryCall<Buffer, Buffer>) => {
        this.#changed(() => this.#begun++)
        call.on('cancelled', () => this.#changed(() => this.#cancelled++))
      },
      endless: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
        call.write(Buffer.from('first'))
        call.on('cancelled', () => this.#changed(() => this.#cancelled++))
      },
      fails: (_: unknown, done: grpc.sendUnaryData<Buffer>) =>
        done({ code: grpc.status.FAILED_PRECONDITION, details: 'not now' }),
    })
  }

  static async start(t: Owner): Promise<GrpcEcho> {
    const server = new grpc.Server()
    t.teardown(() => server.forceShutdown())
    const port = await new Promise<number>((resolve, reject) => {
      const plain = grpc.ServerCredentials.createInsecure()
      server.bindAsync('127.0.0.1:0', plain, (error, bound) => (error ? reject(error) : resolve(bound)))
    })
    return new GrpcEcho(server, port)
  }

  /** Waits until so many calls were given up. */
  cancellations(count: number): Promise<void> {
    return this.#until(`${count} cancellations at the server`, () => this.#cancelled >= count)
  }

  /** Waits until so many calls of `never` are there. */
  begun(count: number): Promise<void> {
    return this.#until(`${count} calls at the server`, () => this.#begun >= count)
  }

  #until(what: string, isSo: () => boolean): Promise<void> {
    const all = new Promise<void>((resolve) => {
      const look = () => {
        if (!isSo()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
    return within(what, all)
  }

  #changed(change: () => void): void {
    change()
    for (const look of this.#waiting) look()
  }
}

/** A grpc-js client of such a server, behind the tunnel `host`. */
export class GrpcClient {
  readonly #client: Record<Name, (...args: unknown[]) => unknown>

  constructor({ port, ca, owner }: HttpVisitors, host: string) {
    const Client = grpc.makeGenericClientConstructor(SERVICE, 'Echo')
    const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createSsl(ca), {
      'grpc.ssl_target_name_override': host,
      'grpc.default_authority': host,
    })
    owner.teardown(() => client.close())
    this.#client = client as unknown as Record<Name, (...args: unknown[]) => unknown>
  }

  /** One message each way, and what the trailers say of it. */
  unary(message: string): Promise<{ value: string; sum: unknown }> {
    return this.#settled('unary', (resolve, reject) => {
      let value = ''
      const reply: Reply = (error, answer) => (error ? reject(error) : (value = String(answer)))
      const call = this.#client.unary(Buffer.from(message), reply) as grpc.ClientUnaryCall
      call.on('status', ({ metadata }: grpc.StatusObject) => resolve({ value, sum: metadata.get('x-sum')[0] }))
    })
  }

  /** The messages that the server streams. */
  down(message: string): Promise<string[]> {
    return this.#settled('server streaming', (resolve, reject) => {
      const got: string[] = []
      const call = this.#client.down(Buffer.from(message)) as grpc.ClientReadableStream<Buffer>
      call.on('data', (chunk: Buffer) => got.push(chunk.toString()))
      call.on('end', () => resolve(got))
      call.on('error', reject)
    })
  }

  /** Streams so many messages; how many the server counted. */
  up(count: number): Promise<string> {
    return this.#settled('client streaming', (resolve, reject) => {
      const reply: Reply = (error, value) => (error ? reject(error) : resolve(String(value)))
      const call = this.#client.up(reply) as grpc.ClientWritableStream<Buffer>
      for (let i = 0; i < count; i++) call.write(Buffer.from('x'))
      call.end()
    })
  }

  /** Sends a message when the one before came back, `count` of them; how many came back. */
  both(count: number): Promise<number> {
    return this.#settled('both ways', (resolve, reject) => {
      let echoed = 0
      const call = this.#client.both() as grpc.ClientDuplexStream<Buffer, Buffer>
      call.on('data', () => (++echoed === count ? call.end() : call.write(Buffer.from('again'))))
      call.on('end', () => resolve(echoed))
      call.on('error', reject)
      call.write(Buffer.from('first'))
    })
  }

  /** How a call ends that does not end well. `begun`: gets the call. */
  failure(
    name: 'never' | 'fails',
    options: grpc.CallOptions = {},
    begun: (call: grpc.ClientUnaryCall) => void = () => undefined,
  ): Promise<grpc.ServiceError | null> {
    return this.#settled('a status', (resolve) => {
      begun(this.#client[name](Buffer.from('x'), options, resolve) as grpc.ClientUnaryCall)
    })
  }

  /** Takes the first message of an endless stream, then gives it up; how it ends. */
  cancelledStream(): Promise<grpc.ServiceError> {
    return this.#settled('the end of a stream', (resolve) => {
      const call = this.#client.endless(Buffer.from('x')) as grpc.ClientReadableStream<Buffer>
      call.once('data', () => call.cancel())
      call.on('error', resolve)
    })
  }

  #settled<T>(what: string, work: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> {
    return within(what, new Promise(work))
  }
}

/** Every kind of call, statuses, deadlines and cancellations of both sorts. */
export async function everyKindOfCall(t: Test, echo: GrpcEcho, client: GrpcClient): Promise<void> {
  t.same(await client.unary('hello'), { value: 'hello', sum: '5' })
  const down = await client.down('n')
  t.same([down.length, down[99]], [100, 'n99'])
  t.equal(await client.up(50), '50')
  t.equal(await client.both(20), 20)
  t.match(await client.failure('fails'), { code: grpc.status.FAILED_PRECONDITION, details: 'not now' })
  const late = { deadline: Date.now() + 300 }
  t.match(await client.failure('never', late), { code: grpc.status.DEADLINE_EXCEEDED })
  await echo.cancellations(1)
  const given = client.failure('never', {}, (call) => void echo.begun(2).then(() => call.cancel()))
  t.match(await given, { code: grpc.status.CANCELLED })
  await echo.cancellations(2)
  t.match(await client.cancelledStream(), { code: grpc.status.CANCELLED })
  await echo.cancellations(3)
  t.same(await client.unary('still'), { value: 'still', sum: '5' }, 'the connection is as good as before')
}
