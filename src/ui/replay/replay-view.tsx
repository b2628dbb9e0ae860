import { useEffect, useState } from 'react'
import type { ExchangeDetail, ReplayRequest, ReplayResult } from '../../inspector/contract.js'
import { askJson, wordsOf } from '../api.js'
import { Problem } from '../parts/bits.js'
import { exchangePath } from '../paths.js'
import { isReplayResult } from '../shapes.js'
import { duration } from '../text/format.js'
import { DiffView } from './diff-view.js'
import { Omitted } from './omitted.js'

interface Props {
  readonly detail: ExchangeDetail
  /** Null: as it was. */
  readonly request: ReplayRequest | null
  onDone(): void
  onEdit(): void
  onOpen(id: string): void
}

/** Sends the request again, once, and shows the answer beside the first one. */
export function ReplayView({ detail, request, onDone, onEdit, onOpen }: Props) {
  const { id } = detail
  const [result, setResult] = useState<ReplayResult | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [times, setTimes] = useState(1)
  useEffect(() => {
    let stopped = false
    setProblem(null)
    askJson('POST', `${exchangePath(id)}/replay`, isReplayResult, { body: request ?? {} }).then(
      (answered) => {
        if (!stopped) setResult(answered)
      },
      (error: unknown) => {
        if (!stopped) setProblem(wordsOf(error))
      },
    )
    return () => {
      stopped = true
    }
    // `times` asks for another one.
  }, [id, request, times])
  const again = () => {
    setResult(null)
    setTimes(times + 1)
  }
  return (
    <section className="replay" aria-label="Replay">
      <div className="replay-bar">
        <h2>{request === null ? 'Replay' : 'Edited replay'}</h2>
        {(result !== null || problem !== null) && (
          <button type="button" onClick={again}>
            Once more
          </button>
        )}
        <button type="button" onClick={onEdit}>
          Edit
        </button>
        {result !== null && (
          <button type="button" onClick={() => onOpen(result.exchange.id)}>
            Open it
          </button>
        )}
        <button type="button" onClick={onDone}>
          Done
        </button>
      </div>
      <div role="status">
        {result === null && problem === null && <p className="quiet">Sending…</p>}
        {result !== null && <Verdict detail={detail} result={result} />}
      </div>
      {problem !== null && <Problem>{problem}</Problem>}
      {result !== null && <Omitted names={result.omitted} />}
      {result !== null && <DiffView diff={result.diff} />}
    </section>
  )
}

function Verdict({ detail, result }: { readonly detail: ExchangeDetail; readonly result: ReplayResult }) {
  const { exchange, diff } = result
  return (
    <p className={diff.same ? 'verdict same' : 'verdict differs'}>
      <strong>{diff.same ? 'The same answer.' : 'Another answer.'}</strong> It took {duration(exchange.timing.totalMs)};
      the first took {duration(detail.timing.totalMs)}.
    </p>
  )
}
