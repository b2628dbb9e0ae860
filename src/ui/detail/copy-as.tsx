import { useState } from 'react'
import { ask } from '../api.js'
import { CopyButton } from '../parts/bits.js'
import { copyPath } from '../paths.js'

const FORMS = [
  ['curl', 'curl'],
  ['fetch', 'fetch'],
  ['httpie', 'HTTPie'],
] as const

/** Copies the request as a command or as code, which the agent writes. */
export function CopyAs({ id }: { readonly id: string }) {
  const [open, setOpen] = useState(false)
  return (
    <span className="copy-as">
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        Copy as
      </button>
      {open &&
        FORMS.map(([form, label]) => (
          <CopyButton key={form} label={label} text={async () => (await ask('GET', copyPath(id, form))).text()} />
        ))}
    </span>
  )
}
