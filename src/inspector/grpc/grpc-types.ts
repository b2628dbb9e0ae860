import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import protobuf from 'protobufjs'
import 'protobufjs/ext/descriptor.js'
import protojson from 'protobufjs/ext/protojson.js'
import { reasonText } from '../../agent/addresses.js'
import { ConfigError } from '../../core/errors.js'

/** A method of a service, as `.proto` files or a server's reflection describe it. */
export interface GrpcMethod {
  readonly request: protobuf.Type
  readonly response: protobuf.Type
}

/** What is known of the messages of services. */
export class GrpcTypes {
  readonly #root: protobuf.Root

  private constructor(root: protobuf.Root) {
    this.#root = root
  }

  /**
   * From `.proto` files; what they import is looked for beside them, then in the working directory; `google/protobuf/*`
   * is built in. Throws ConfigError UR_INSPECT_PROTO.
   */
  static fromFiles(files: readonly string[]): GrpcTypes {
    const root = new protobuf.Root()
    const folders = [...new Set(files.map((file) => dirname(resolve(file)))), process.cwd()]
    const beside = root.resolvePath.bind(root)
    root.resolvePath = (origin, target) => {
      if (origin === '' || target in protobuf.common) return beside(origin, target)
      return (
        folders
          .map((folder) => resolve(folder, target))
          .find((path) => root.files.includes(path) || existsSync(path)) ?? beside(origin, target)
      )
    }
    try {
      root.loadSync(files.map((file) => resolve(file)))
      root.resolveAll()
    } catch (error) {
      throw new ConfigError('UR_INSPECT_PROTO', `${files.join(', ')} could not be read: ${reasonText(error)}`, {
        cause: error,
      })
    }
    return new GrpcTypes(root)
  }

  /** From serialised FileDescriptorProtos (google/protobuf/descriptor.proto). Throws what protobufjs says. */
  static fromDescriptors(files: readonly Uint8Array[]): GrpcTypes {
    // A FileDescriptorSet is nothing but its files in field 1.
    const set = protobuf.Writer.create()
    for (const file of files) set.uint32(0x0a).bytes(file)
    const root = protobuf.Root.fromDescriptor(set.finish())
    root.resolveAll()
    return new GrpcTypes(root)
  }

  /** The method of a request target such as `/helloworld.Greeter/SayHello`; null: it is not known. */
  method(target: string): GrpcMethod | null {
    const [service = '', name = ''] = target.split('/').slice(1)
    const found = this.#root.lookup(service, [protobuf.Service])
    const method = found instanceof protobuf.Service ? found.methods[name] : undefined
    if (method === undefined) return null
    method.resolve()
    const { resolvedRequestType: request, resolvedResponseType: response } = method
    return request === null || response === null ? null : { request, response }
  }
}

/** A message as JSON text (ProtoJSON). Throws what protobufjs says when the bytes are no such message. */
export function messageToJson(type: protobuf.Type, payload: Buffer): string {
  return JSON.stringify(protojson.toJson(type, type.decode(payload)), null, 2)
}
