export { REDACTED } from './shapes.js'
export { copied, Redactor, type RedactOptions } from './redactor.js'
