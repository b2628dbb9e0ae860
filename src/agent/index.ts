export { Agent } from './agent.js'
export type * from './api.js'
export { readAuthorities } from './trust.js'
