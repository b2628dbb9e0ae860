import { useState } from 'react'
import { ask, wordsOf } from '../api.js'
import { Problem } from '../parts/bits.js'
import { harUrl, suitePath } from '../paths.js'
import { navigate, routeHash } from '../router.js'
import { counted } from '../text/format.js'

/** What can be done with the marked requests. */
export function MarkedBar({ marked, onClear }: { readonly marked: ReadonlySet<string>; readonly onClear: () => void }) {
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const ids = [...marked].sort()
  const save = async () => {
    try {
      await ask('PUT', suitePath(name), { exchanges: ids })
      onClear()
      navigate(routeHash('suites', name))
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return (
    <form
      className="marked-bar"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <strong>{counted(marked.size, 'marked request')}</strong>
      <input
        aria-label="Name of the suite"
        placeholder="name of a suite"
        required
        pattern="[a-z0-9][a-z0-9_\-]{0,62}"
        title="Lower-case letters, digits, - and _"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit">Save as suite</button>
      <a className="button" href={harUrl({ ids })} download="uniroute.har">
        HAR
      </a>
      <button type="button" className="link" onClick={onClear}>
        Unmark
      </button>
      {problem !== null && <Problem>{problem}</Problem>}
    </form>
  )
}
