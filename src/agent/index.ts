export { Agent } from './agent.js'
export type * from './api.js'
export { tryLogin, type LoginOptions } from './login.js'
export { readAuthorities } from './trust.js'
