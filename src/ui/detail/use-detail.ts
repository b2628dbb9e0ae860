import { useCallback, useEffect, useRef, useState } from 'react'
import type { ExchangeDetail, ExchangeSummary } from '../../inspector/contract.js'
import { askJson, type ApiProblem } from '../api.js'
import { exchangePath } from '../paths.js'
import { isDetail } from '../shapes.js'

/** Between two questions for an exchange that changes all the time. */
const AGAIN_MS = 400

export interface Loaded {
  readonly detail: ExchangeDetail | null
  readonly problem: ApiProblem | null
  reload(): void
}

/** The exchange with all its fields; asked for again when its row changes. */
export function useDetail(id: string, row: ExchangeSummary | null): Loaded {
  const [detail, setDetail] = useState<ExchangeDetail | null>(null)
  const [problem, setProblem] = useState<ApiProblem | null>(null)
  const [wanted, setWanted] = useState(0)
  const askedAt = useRef(-Infinity)
  useEffect(() => {
    const abort = new AbortController()
    const timer = setTimeout(
      () => {
        askedAt.current = performance.now()
        askJson('GET', exchangePath(id), isDetail, { signal: abort.signal }).then(
          (loaded) => {
            setDetail(loaded)
            setProblem(null)
          },
          (error: unknown) => {
            if (!abort.signal.aborted) setProblem(error as ApiProblem)
          },
        )
      },
      Math.max(0, askedAt.current + AGAIN_MS - performance.now()),
    )
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [id, row, wanted])
  const reload = useCallback(() => setWanted((number) => number + 1), [])
  return { detail, problem, reload }
}
