import type { Socket } from 'node:net'
import { UpstreamDialer } from '../../agent/dial-upstream.js'
import type { Clock } from '../../core/clock.js'
import type { InspectedTunnel } from '../messages.js'
import type { GrpcNames } from './describer.js'

/**
 * Names for the messages of tunnels (another list after each change, when all that upstreams said is forgotten), by `.proto` files and by the reflection of their upstreams. What it takes to read
 * them is loaded with the first message.
 */
export function namesOfTunnels(
  tunnels: () => readonly InspectedTunnel[],
  protos: readonly string[],
  clock: Clock,
): GrpcNames {
  const load = once(async () => {
    const [{ GrpcDescriber }, { GrpcTypes }, { reflect }] = await Promise.all([
      import('./describer.js'),
      import('./grpc-types.js'),
      import('./reflection.js'),
    ])
    const given = protos.length === 0 ? null : GrpcTypes.fromFiles(protos)
    return (known: readonly InspectedTunnel[]) => {
      const ask = async (name: string, service: string): Promise<readonly Uint8Array[]> => {
        const tunnel = known.find((each) => each.name === name)
        if (tunnel === undefined) throw new Error(`there is no tunnel ${name}`)
        return reflect(await dial(tunnel, clock), 'upstream', service)
      }
      return new GrpcDescriber(given, ask, () => clock.now())
    }
  })
  let made: { readonly known: readonly InspectedTunnel[]; readonly describer: GrpcNames } | null = null
  return {
    describe: async (exchange, entry) => {
      const describerOf = await load()
      const known = tunnels()
      if (made?.known !== known) made = { known, describer: describerOf(known) }
      return made.describer.describe(exchange, entry)
    },
  }
}

/** Throws ConfigError UR_INSPECT_PROTO for files that cannot be read. */
export async function checkProtos(files: readonly string[]): Promise<void> {
  const { GrpcTypes } = await import('./grpc-types.js')
  GrpcTypes.fromFiles(files)
}

function dial(tunnel: InspectedTunnel, clock: Clock): Promise<Socket> {
  return new Promise((connected, failed) => new UpstreamDialer(tunnel, { clock }).dial({ connected, failed }))
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => (made ??= make())
}
