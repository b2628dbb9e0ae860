import type { HeaderEdits } from '../../../config/index.js'
import type { Fields } from '../../../core/http-fields.js'
import { keepFields } from './connection.js'

/** What a user wants of the fields of one direction: names and values were checked. */
export class Edits {
  readonly #add: Fields
  readonly #remove: ReadonlySet<string> | null

  constructor({ add, remove }: HeaderEdits) {
    this.#add = add
    this.#remove = remove.length === 0 ? null : new Set(remove.map(plainName))
  }

  /** Removes, then adds, in place. The first `from` parts are left alone. */
  apply(fields: string[], from = 0): void {
    this.remove(fields, from)
    for (const part of this.#add) fields.push(part)
  }

  /** Only removes: from trailers as well, so that nothing comes in by the back door. */
  remove(fields: string[], from = 0): void {
    const names = this.#remove
    if (names !== null) keepFields(fields, (name) => !names.has(plainName(name)), from)
  }
}

/** CGI and its descendants make the same variable of `X_User` and `X-User`: who may not send one may send neither. */
function plainName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}
