import { useCallback, useEffect, useState } from 'react'
import type { SuiteResult, SuiteRun, SuiteSummary } from '../../inspector/contract.js'
import { ask, askJson, wordsOf } from '../api.js'
import { Captured, Problem } from '../parts/bits.js'
import { suitePath } from '../paths.js'
import { DiffView } from '../replay/diff-view.js'
import { Omitted } from '../replay/omitted.js'
import { navigate, routeHash } from '../router.js'
import { isBag, isListOf, isSuite, isSuiteRun } from '../shapes.js'
import { count, counted, dateAndClock, duration } from '../text/format.js'
import { clipped } from '../text/visible.js'

/** Saved requests with their answers; run again, each answer is compared with the one that was saved. */
export function SuitesPage({ name }: { readonly name: string | null }) {
  const [suites, setSuites] = useState<readonly SuiteSummary[] | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const load = useCallback(async () => {
    try {
      setSuites((await askJson('GET', '/suites', isSuites)).suites)
      setProblem(null)
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }, [])
  useEffect(() => void load(), [load])
  const remove = async (suite: SuiteSummary) => {
    try {
      await ask('DELETE', suitePath(suite.name))
      if (suite.name === name) navigate(routeHash('suites'))
      await load()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return (
    <div className="sheet">
      <h1>Suites</h1>
      <p className="lead">
        A suite keeps requests and their answers. Run it after a change: each answer is compared with the one that was
        saved.
      </p>
      {problem !== null && <Problem again={() => void load()}>{problem}</Problem>}
      {suites !== null && suites.length === 0 && (
        <p className="quiet">None yet. Mark requests with x, then save them as a suite.</p>
      )}
      <ul className="suites">
        {suites?.map((suite) => (
          <li key={suite.name} className={suite.name === name ? 'open' : undefined}>
            <a href={routeHash('suites', suite.name)} aria-current={suite.name === name ? 'true' : undefined}>
              {clipped(suite.name, 80)}
            </a>
            <span className="quiet">
              {counted(suite.requests, 'request')}, saved {dateAndClock(suite.savedAt).slice(0, 16)}
            </span>
            <RemoveButton onRemove={() => void remove(suite)} name={suite.name} />
          </li>
        ))}
      </ul>
      {name !== null && <Run key={name} name={name} />}
    </div>
  )
}

/** Asks once more before it removes. */
function RemoveButton({ name, onRemove }: { readonly name: string; readonly onRemove: () => void }) {
  const [sure, setSure] = useState(false)
  if (!sure) {
    return (
      <button type="button" className="link" aria-label={`Remove ${name}`} onClick={() => setSure(true)}>
        Remove
      </button>
    )
  }
  return (
    <span className="sure">
      <button type="button" className="danger" onClick={onRemove}>
        Remove it
      </button>
      <button type="button" onClick={() => setSure(false)}>
        Keep it
      </button>
    </span>
  )
}

function Run({ name }: { readonly name: string }) {
  const [run, setRun] = useState<SuiteRun | null>(null)
  const [running, setRunning] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const start = async () => {
    setRunning(true)
    setProblem(null)
    try {
      setRun(await askJson('POST', `${suitePath(name)}/run`, isSuiteRun, { body: {} }))
    } catch (error) {
      setProblem(wordsOf(error))
    }
    setRunning(false)
  }
  return (
    <section className="suite-run" aria-label={`Suite ${name}`}>
      <div className="replay-bar">
        <h2>{clipped(name, 80)}</h2>
        <button type="button" className="main" disabled={running} onClick={() => void start()}>
          {running ? 'Running…' : run === null ? 'Run' : 'Run again'}
        </button>
      </div>
      {problem !== null && <Problem>{problem}</Problem>}
      <div role="status">
        {run !== null && (
          <p className={run.different + run.failed === 0 ? 'verdict same' : 'verdict differs'}>
            <strong>{count(run.same)} the same</strong>, {count(run.different)} different, {count(run.failed)} failed.
          </p>
        )}
      </div>
      <ol className="results">
        {run?.results.map((result, index) => (
          <Result key={index} result={result} />
        ))}
      </ol>
    </section>
  )
}

function Result({ result }: { readonly result: SuiteResult }) {
  const { method, target, exchange, diff, problem, omitted } = result
  const outcome = problem !== null || diff === null ? 'failed' : diff.same ? 'same' : 'different'
  const [open, setOpen] = useState(false)
  return (
    <li className={`result ${outcome}`}>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="outcome">{outcome}</span>
        <span className="method">{clipped(method, 16)}</span>
        <bdi className="target">{clipped(target, 300)}</bdi>
        <span className="quiet">{exchange === null ? '' : duration(exchange.timing.totalMs)}</span>
      </button>
      {open && (
        <div className="result-body">
          {problem !== null && (
            <p className="note">
              <Captured text={problem} />
            </p>
          )}
          <Omitted names={omitted} />
          {exchange !== null && <a href={routeHash('requests', exchange.id)}>Open the request</a>}
          {diff !== null && <DiffView diff={diff} />}
        </div>
      )}
    </li>
  )
}

function isSuites(value: unknown): value is { readonly suites: readonly SuiteSummary[] } {
  return isBag(value) && isListOf(isSuite)(value['suites'])
}
