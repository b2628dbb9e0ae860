export type { NumberName } from './definitions.js'
export { Metrics, type Source } from './metrics.js'
