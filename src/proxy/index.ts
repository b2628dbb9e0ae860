export { resetSocket, Splice, splice, type ByteCount, type SpliceOptions, type SpliceResult } from './splice.js'
export { serveVisitor } from './visitor.js'
