export {
  resetSocket,
  Splice,
  splice,
  type ByteCount,
  type SpliceOptions,
  type SpliceResult,
  type SpliceTap,
} from './splice.js'
export { serveVisitor } from './visitor.js'
