import { isFieldName } from '../../core/http-fields.js'
import { parseFields } from '../../proxy/http/fields.js'
import { fieldsCost, STRING_BYTES, stringCost } from '../cost.js'
import type { KeptField } from '../exchange.js'
import { OBSERVED } from '../http1/observed.js'
import { copied } from '../redact/index.js'

/** Objects of a section beside its text; of a field in which something is redacted. */
const SECTION_BYTES = 96
const MARK_BYTES = 48

/**
 * The fields of a head, or trailers, as they are kept: one text, read again when somebody looks. As an object and two
 * strings for each field they would take several times the memory, and moving them cost the collector more than all that
 * is read here.
 */
export class Section {
  /** No fields. */
  static readonly NONE = new Section('', null, null)

  readonly #text: string
  /** Number of the field, and what is to be revealed of it. */
  readonly #marks: ReadonlyMap<number, string | null> | null
  /** Not null: they cannot be told by a text. */
  readonly #list: readonly KeptField[] | null

  private constructor(
    text: string,
    marks: ReadonlyMap<number, string | null> | null,
    list: readonly KeptField[] | null,
  ) {
    this.#text = text
    this.#marks = marks
    this.#list = list
  }

  /** `text`: lines as they were written (latin1), which `parseFields` has read; nothing in them is redacted. */
  static ofText(text: string): Section {
    return new Section(text, null, null)
  }

  /** Holds no memory of what the strings were cut out of. */
  static of(fields: readonly KeptField[]): Section {
    if (fields.length === 0) return Section.NONE
    if (!fields.every(isPlain)) return new Section('', null, fields.map(ofItsOwn))
    let marks: Map<number, string | null> | null = null
    const lines = fields.map(({ name, value, redacted, secret }, number) => {
      if (redacted) (marks ??= new Map()).set(number, secret === null ? null : copied(secret))
      return `${name}:${value}`
    })
    return new Section(copied(lines.join('\r\n')), marks, null)
  }

  get hasSecret(): boolean {
    return this.#marks !== null || (this.#list?.some(({ redacted }) => redacted) ?? false)
  }

  /** Estimated memory, bytes. */
  get cost(): number {
    if (this === Section.NONE) return 0
    if (this.#list !== null) return SECTION_BYTES + fieldsCost(this.#list)
    // It is latin1.
    let bytes = SECTION_BYTES + STRING_BYTES + this.#text.length
    for (const secret of this.#marks?.values() ?? []) bytes += MARK_BYTES + (secret === null ? 0 : stringCost(secret))
    return bytes
  }

  /** A new list each time. */
  list(): KeptField[] {
    if (this.#list !== null) return [...this.#list]
    const fields = parseFields(this.#text, OBSERVED)
    const kept: KeptField[] = []
    for (let i = 0; i < fields.length; i += 2) {
      const secret = this.#marks?.get(i / 2)
      kept.push({ name: fields[i]!, value: fields[i + 1]!, redacted: secret !== undefined, secret: secret ?? null })
    }
    return kept
  }
}

const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/

/** It comes back from a line as it went in. */
function isPlain({ name, value }: KeptField): boolean {
  return isFieldName(name) && VALUE.test(value)
}

function ofItsOwn({ name, value, redacted, secret }: KeptField): KeptField {
  return { name: copied(name), value: copied(value), redacted, secret: secret === null ? null : copied(secret) }
}
