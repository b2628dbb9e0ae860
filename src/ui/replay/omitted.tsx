import { clipped } from '../text/visible.js'

/** What a replay did not send as it was, as nobody has it any more. */
export function Omitted({ names }: { readonly names: readonly string[] }) {
  if (names.length === 0) return null
  return (
    <p className="note">
      Left out, since the values were not kept: <strong>{names.map((name) => clipped(name, 80)).join(', ')}</strong>.
    </p>
  )
}
