import { useCallback, useEffect, useMemo, useState } from 'react'
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
  const asker = useMemo(() => new Asker(id, setDetail, setProblem), [id])
  useEffect(() => asker.want(), [asker, row])
  useEffect(() => () => asker.stop(), [asker])
  const reload = useCallback(() => asker.want(), [asker])
  return { detail, problem, reload }
}

/** Asks for an exchange, one question at a time. */
class Asker {
  readonly #id: string
  readonly #onDetail: (detail: ExchangeDetail) => void
  readonly #onProblem: (problem: ApiProblem | null) => void
  readonly #abort = new AbortController()
  #wanted = false
  #asking = false
  #askedAt = -Infinity

  constructor(id: string, onDetail: (detail: ExchangeDetail) => void, onProblem: (problem: ApiProblem | null) => void) {
    this.#id = id
    this.#onDetail = onDetail
    this.#onProblem = onProblem
  }

  want(): void {
    this.#wanted = true
    if (this.#asking) return
    this.#asking = true
    setTimeout(() => void this.#ask(), Math.max(0, this.#askedAt + AGAIN_MS - performance.now()))
  }

  stop(): void {
    this.#abort.abort()
  }

  async #ask(): Promise<void> {
    const { signal } = this.#abort
    this.#wanted = false
    this.#askedAt = performance.now()
    try {
      const detail = await askJson('GET', exchangePath(this.#id), isDetail, { signal })
      if (signal.aborted) return
      this.#onDetail(detail)
      this.#onProblem(null)
    } catch (error) {
      if (signal.aborted) return
      this.#onProblem(error as ApiProblem)
    }
    this.#asking = false
    if (this.#wanted) this.want()
  }
}
