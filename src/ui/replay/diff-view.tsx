import { useMemo, useState } from 'react'
import type { DiffEntry, DiffLine, ExchangeDiff } from '../../inspector/contract.js'
import { Captured } from '../parts/bits.js'
import { count, counted, size } from '../text/format.js'
import { visible } from '../text/visible.js'

const FEW = 200

/** Two answers side by side: the first on the left. */
export function DiffView({ diff }: { readonly diff: ExchangeDiff }) {
  const { status, fields, body } = diff
  return (
    <div className="diff">
      <div className="diff-head" aria-hidden="true">
        <span>First answer</span>
        <span>This answer</span>
      </div>
      <h3>Status</h3>
      <div className="diff-pair">
        <span className={status.same ? 'same' : 'removed'}>{status.before ?? 'no answer'}</span>
        <span className={status.same ? 'same' : 'added'}>{status.after ?? 'no answer'}</span>
      </div>
      <h3>Fields</h3>
      {fields.length === 0 ? <p className="quiet">The same.</p> : <Entries entries={fields} write={textOf} />}
      <h3>Body</h3>
      {body.kind === 'same' && <p className="quiet">The same.</p>}
      {body.kind === 'json' && <Entries entries={body.entries} write={jsonOf} />}
      {body.kind === 'text' && <Lines lines={body.lines} />}
      {body.kind === 'binary' && (
        <div className="diff-pair">
          <span className="removed">
            {size(body.before)}, SHA-256 {body.beforeSha256}
          </span>
          <span className="added">
            {size(body.after)}, SHA-256 {body.afterSha256}
          </span>
        </div>
      )}
    </div>
  )
}

function Entries({
  entries,
  write,
}: {
  readonly entries: readonly DiffEntry[]
  readonly write: (value: unknown) => string
}) {
  const [shown, setShown] = useState(FEW)
  return (
    <>
      {entries.slice(0, shown).map((entry, index) => (
        <div key={index} className="diff-entry">
          <div className="diff-key">
            <Captured text={entry.key === '' ? '(the whole)' : entry.key} clip={200} />
          </div>
          <div className="diff-pair">
            <span className={entry.change === 'added' ? 'absent' : 'removed'}>
              {entry.change === 'added' ? 'not there' : <Captured text={write(entry.before)} />}
            </span>
            <span className={entry.change === 'removed' ? 'absent' : 'added'}>
              {entry.change === 'removed' ? 'not there' : <Captured text={write(entry.after)} />}
            </span>
          </div>
        </div>
      ))}
      <More left={entries.length - shown} onMore={() => setShown(shown * 10)} />
    </>
  )
}

/** Removed and added lines that stand together, beside each other. */
function Lines({ lines }: { readonly lines: readonly DiffLine[] }) {
  const [shown, setShown] = useState(FEW)
  const pairs = useMemo(() => pairsOf(lines), [lines])
  return (
    <div className="diff-lines">
      {pairs.slice(0, shown).map((pair, index) =>
        typeof pair === 'number' ? (
          <p key={index} className="quiet">
            {counted(pair, 'line')} that {pair === 1 ? 'is' : 'are'} the same
          </p>
        ) : (
          <div key={index} className="diff-pair">
            <Line text={pair[0]} change={pair[0] === pair[1] ? 'same' : 'removed'} />
            <Line text={pair[1]} change={pair[0] === pair[1] ? 'same' : 'added'} />
          </div>
        ),
      )}
      <More left={pairs.length - shown} onMore={() => setShown(shown * 10)} />
    </div>
  )
}

function Line({ text, change }: { readonly text: string | null; readonly change: 'same' | 'added' | 'removed' }) {
  if (text === null) return <span className="absent" />
  return <span className={change}>{visible(text.slice(0, MAX_LINE), true)}</span>
}

const MAX_LINE = 4000

/** Two lines beside each other, or how many are left out. */
type Pair = readonly [before: string | null, after: string | null] | number

function pairsOf(lines: readonly DiffLine[]): readonly Pair[] {
  const pairs: Pair[] = []
  let removed: string[] = []
  let added: string[] = []
  const flush = () => {
    for (let at = 0; at < Math.max(removed.length, added.length); at++)
      pairs.push([removed[at] ?? null, added[at] ?? null])
    removed = []
    added = []
  }
  for (const { change, text } of lines) {
    if (change === 'removed') removed.push(text)
    else if (change === 'added') added.push(text)
    else {
      flush()
      pairs.push(change === 'skipped' ? Number(text) : [text, text])
    }
  }
  flush()
  return pairs
}

function More({ left, onMore }: { readonly left: number; readonly onMore: () => void }) {
  if (left <= 0) return null
  return (
    <button type="button" className="link" onClick={onMore}>
      … {count(left)} more
    </button>
  )
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : jsonOf(value)
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value) ?? ''
}
