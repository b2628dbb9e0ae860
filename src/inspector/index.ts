export { checkProtos } from './grpc/names-of-tunnels.js'
export { Inspector, type InspectorEvents } from './inspector.js'
export type { TunnelControl, TunnelDefinition } from './tunnel-control.js'
export type { InspectedTunnel, InspectorSettings, RecentRequest } from './messages.js'
