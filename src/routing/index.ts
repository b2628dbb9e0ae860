export { normaliseHost, normalisePattern } from './host.js'
export { normalisePrefix, PathTable } from './paths.js'
export { RouteTable } from './table.js'
