export type { ShownCertificate } from './agent-certificates.js'
export { FailedLogins, type FailedLoginsOptions } from './failed-logins.js'
export * from './rights/index.js'
export { TokenGate, type TokenGateOptions, type TokenIdentity } from './token-gate.js'
