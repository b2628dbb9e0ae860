export { CertificateBook, type CertificateSummary } from './book.js'
export { DevBook, type DevBookOptions } from './dev-book.js'
export { FileBook, type FileBookOptions } from './file-book.js'
export type { CertificateFiles } from './pem-files.js'
