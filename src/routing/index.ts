export { normaliseHost, normalisePattern } from './host.js'
export { RouteTable } from './table.js'
