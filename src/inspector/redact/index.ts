export { REDACTED } from './shapes.js'
export { Redactor, type RedactOptions } from './redactor.js'
