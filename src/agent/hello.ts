import { VERSION } from '../core/version.js'
import { CAPABILITIES, PROTOCOL_VERSION, type HelloInit } from '../protocol/index.js'
import type { AgentOptions } from './api.js'
import { MAX_CARRIERS } from './link.js'

/** How an agent says who it is and what it wants. `instanceId`: the same for as long as the process lives. */
export function helloOf({ token, connections = 'auto', stripe = 'auto' }: AgentOptions, instanceId: string): HelloInit {
  return {
    protocol: PROTOCOL_VERSION,
    agentVersion: VERSION,
    token: token?.reveal() ?? '',
    instanceId,
    capabilities: CAPABILITIES.filter((capability) => stripe === 'auto' || capability !== 'stripe'),
    platform: `${process.platform}-${process.arch}`,
    maxCarriers: connections === 'auto' ? MAX_CARRIERS : connections,
  }
}
