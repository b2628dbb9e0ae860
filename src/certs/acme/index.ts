export type { Account, AccountStore } from './account.js'
export { AcmeIssuer, type AcmeIssuerOptions } from './acme-issuer.js'
export { IssuerChain, type NamedIssuer } from './issuer-chain.js'
