export { type Aliases, DnsClient, DnsFailure, type DnsOptions } from './client.js'
