import type { Tool } from './tool.js'

export const direct: Tool = {
  id: 'direct',
  title: 'direct',
  encrypted: false,
  missing: () => null,
  version: () => 'no tunnel',
  start: (place) => Promise.resolve({ server: [], agent: [], host: place.upstreamHost, ports: place.upstreams }),
}
