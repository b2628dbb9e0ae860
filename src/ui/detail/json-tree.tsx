import { useState } from 'react'
import { Captured } from '../parts/bits.js'
import { count, counted } from '../text/format.js'
import { isBranch, leafKind, leafText } from '../text/json.js'

/** Children shown at a time. */
const FEW = 100
/** Levels that are unfolded at first, if they have few children. */
const UNFOLDED = 3
const UNFOLDED_CHILDREN = 12

/** JSON, to be folded and unfolded. What is folded is not in the document. */
export function JsonTree({ value }: { readonly value: unknown }) {
  return (
    <div className="json">
      <ul>
        <Node name={null} value={value} depth={0} />
      </ul>
    </div>
  )
}

interface NodeProps {
  /** Null: the whole, or an element of an array that needs no number. */
  readonly name: string | null
  readonly value: unknown
  readonly depth: number
}

function Node({ name, value, depth }: NodeProps) {
  const children: readonly (readonly [string, unknown])[] = isBranch(value) ? Object.entries(value) : []
  const [open, setOpen] = useState(depth < UNFOLDED && (depth === 0 || children.length <= UNFOLDED_CHILDREN))
  const [shown, setShown] = useState(FEW)
  const label =
    name === null ? null : (
      <>
        <span className="json-key">
          <Captured text={name} clip={200} />
        </span>
        {': '}
      </>
    )
  if (!isBranch(value)) {
    return (
      <li className="json-leaf">
        {label}
        <span className={`json-${leafKind(value)}`}>
          <Captured text={leafText(value)} />
        </span>
      </li>
    )
  }
  const [left, right] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  if (children.length === 0) {
    return (
      <li className="json-leaf">
        {label}
        {left + right}
      </li>
    )
  }
  return (
    <li>
      <button type="button" className="json-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span aria-hidden="true" className="json-arrow">
          {open ? '▾' : '▸'}
        </span>
        {label}
        {left}
        {!open && (
          <span className="quiet">
            {' '}
            {counted(children.length, Array.isArray(value) ? 'element' : 'member')} {right}
          </span>
        )}
      </button>
      {open && (
        <>
          <ul>
            {children.slice(0, shown).map(([key, child], index) => (
              <Node key={index} name={key} value={child} depth={depth + 1} />
            ))}
          </ul>
          {children.length > shown && (
            <button type="button" className="link json-more" onClick={() => setShown(shown + 10 * FEW)}>
              … {count(children.length - shown)} more
            </button>
          )}
          <span className="json-end">{right}</span>
        </>
      )}
    </li>
  )
}
