/** Options of `Connection` that name no field, and those whose fields are treated anyway. */
const NO_FIELD: ReadonlySet<string> = new Set(['', 'close', 'keep-alive', 'te', 'upgrade', 'http2-settings'])

/**
 * Adds the fields that a value of `Connection` names (RFC 9110 §7.6.1), in lower case, to `nominated`, which is made
 * when it is null. Answers null while there are none, which is nearly always.
 */
export function nominate(connection: string, nominated: Set<string> | null): Set<string> | null {
  if (NO_FIELD.has(connection)) return nominated
  let names = nominated
  for (const option of connection.split(',')) {
    const name = option.trim().toLowerCase()
    if (!NO_FIELD.has(name)) names = (names ?? new Set()).add(name)
  }
  return names
}

/** Takes the fields of those names (in lower case) out of `fields`, in place. The first `from` parts are left alone. */
export function removeFields(fields: string[], names: ReadonlySet<string>, from = 0): void {
  keepFields(fields, (name) => !names.has(name.toLowerCase()), from)
}

/** As `removeFields`, for the names that `isKept` does not want. */
export function keepFields(fields: string[], isKept: (name: string) => boolean, from = 0): void {
  let kept = from
  for (let i = from; i < fields.length; i += 2) {
    if (!isKept(fields[i] as string)) continue
    fields[kept] = fields[i] as string
    fields[kept + 1] = fields[i + 1] as string
    kept += 2
  }
  fields.length = kept
}
