export type { Account, AccountStore } from './account.js'
export { AcmeIssuer, type AcmeIssuerOptions } from './acme-issuer.js'
export { authorities, type AuthoritiesKeys, type AuthoritiesOptions } from './authorities.js'
export { IssuerChain, type NamedIssuer } from './issuer-chain.js'
