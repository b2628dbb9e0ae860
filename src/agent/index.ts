export { Agent } from './agent.js'
export type * from './api.js'
