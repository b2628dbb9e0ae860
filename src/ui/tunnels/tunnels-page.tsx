import { useState } from 'react'
import type { CaptureStatus, InspectorStatus, TrafficStatistics, TunnelInspection } from '../../inspector/contract.js'
import { ask, wordsOf } from '../api.js'
import type { Feeds } from '../feeds.js'
import { useEmitter } from '../live/use-emitter.js'
import { CopyButton, Problem } from '../parts/bits.js'
import { Shares } from '../parts/timing.js'
import { count, counted, duration, rate, size } from '../text/format.js'
import { clipped, visible } from '../text/visible.js'
import { Chart } from './chart.js'

const CHART_POINTS = 300

/** What is forwarded where, how much and how fast; where the time goes; what is captured. */
export function TunnelsPage({ feeds }: { readonly feeds: Feeds }) {
  useEmitter(feeds.status)
  const { status, problem, points } = feeds.status
  if (status === null) {
    return (
      <div className="sheet">
        <h1>Tunnels</h1>
        {problem === null ? (
          <p className="quiet">Loading…</p>
        ) : (
          <Problem again={() => void feeds.status.load()}>{problem.message}</Problem>
        )}
      </div>
    )
  }
  return (
    <div className="sheet">
      <h1 className="unseen">Tunnels</h1>
      <section className="verdict-line" aria-label="Where the time goes">
        <p className="verdict-words">{visible(status.verdict)}</p>
        {status.timeSpent !== null && (
          <>
            <Shares parts={status.timeSpent} total={null} />
            <p className="quiet">On average, over the last minute’s requests.</p>
          </>
        )}
      </section>
      <section className="charts" aria-label="The last five minutes">
        <Chart
          title="Requests per second"
          points={CHART_POINTS}
          format={rate}
          lines={[{ className: 'one', label: 'requests', values: points.map((point) => point.rate) }]}
        />
        <Chart
          title="Time of requests"
          points={CHART_POINTS}
          format={duration}
          lines={[
            { className: 'two', label: 'p99', values: points.map(({ p99 }) => p99) },
            { className: 'one', label: 'p50', values: points.map(({ p50 }) => p50) },
          ]}
        />
        <Chart
          title="Round trip to the server"
          points={CHART_POINTS}
          format={duration}
          lines={[{ className: 'one', label: 'rtt', values: points.map(({ rtt }) => rtt) }]}
        />
      </section>
      <section aria-label="Tunnels">
        {status.tunnels.map((tunnel) => (
          <Tunnel key={tunnel.name} tunnel={tunnel} />
        ))}
        {status.tunnels.length === 0 && <p className="quiet">No tunnel is open.</p>}
      </section>
      <div className="two-columns">
        <SessionFacts status={status} />
        <Capture capture={status.capture} />
      </div>
    </div>
  )
}

function Tunnel({ tunnel }: { readonly tunnel: TunnelInspection }) {
  const { publicUrl } = tunnel
  const isLink = publicUrl !== null && /^https?:\/\//.test(publicUrl)
  return (
    <article className="tunnel">
      <h2>
        <span className={`kind kind-${tunnel.kind}`}>{tunnel.kind}</span> {clipped(tunnel.name, 60)}
        {!tunnel.inspected && tunnel.kind === 'http' && <span className="quiet"> not inspected</span>}
      </h2>
      <p className="forwarding">
        {publicUrl === null && <span className="quiet">no public address yet</span>}
        {publicUrl !== null && isLink && (
          <a href={publicUrl} target="_blank" rel="noreferrer noopener">
            {visible(publicUrl)}
          </a>
        )}
        {publicUrl !== null && !isLink && <span>{visible(publicUrl)}</span>}
        <span className="to" aria-label="goes to">
          →
        </span>
        <span>{visible(tunnel.upstream)}</span>
        {publicUrl !== null && <CopyButton label="Copy" text={() => publicUrl} />}
      </p>
      {tunnel.problem !== null && <p className="note">{visible(tunnel.problem)}</p>}
      <div className="table-frame" tabIndex={0} role="group" aria-label={`Traffic of ${tunnel.name}`}>
        <table>
          <thead>
            <tr>
              <td />
              {HEADS.map((head) => (
                <th key={head} scope="col" className="number">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {tunnel.kind === 'http' && <Traffic name="requests" traffic={tunnel.requests} />}
            <Traffic name="connections" traffic={tunnel.connections} />
          </tbody>
        </table>
      </div>
      <p className="quiet">
        {size(tunnel.bytesIn)} in, {size(tunnel.bytesOut)} out
      </p>
    </article>
  )
}

const HEADS = ['total', 'open', '1 min /s', '5 min /s', '15 min /s', 'p50', 'p90', 'p95', 'p99']

function Traffic({ name, traffic }: { readonly name: string; readonly traffic: TrafficStatistics }) {
  const { duration: times } = traffic
  const cells = [
    count(traffic.count),
    count(traffic.open),
    rate(traffic.rate1),
    rate(traffic.rate5),
    rate(traffic.rate15),
    ...[times.p50, times.p90, times.p95, times.p99].map((ms) => (traffic.count === 0 ? '–' : duration(ms))),
  ]
  return (
    <tr>
      <th scope="row">{name}</th>
      {cells.map((cell, index) => (
        <td key={HEADS[index]} className="number">
          {cell}
        </td>
      ))}
    </tr>
  )
}

function SessionFacts({ status }: { readonly status: InspectorStatus }) {
  return (
    <section className="facts" aria-label="Session">
      <h2>Session</h2>
      <dl>
        <div>
          <dt>State</dt>
          <dd>{status.state}</dd>
        </div>
        <div>
          <dt>Server</dt>
          <dd>
            {visible(status.server)}
            {status.serverVersion !== null && <span className="quiet"> {visible(status.serverVersion)}</span>}
          </dd>
        </div>
        {status.node !== null && (
          <div>
            <dt>Node</dt>
            <dd>{visible(status.node)}</dd>
          </div>
        )}
        <div>
          <dt>Round trip</dt>
          <dd>{duration(status.rttMs)}</dd>
        </div>
        <div>
          <dt>Carriers</dt>
          <dd>
            {status.carriers.length === 0 && 'none'}
            {status.carriers.map(({ number, rttMs }) => (
              <span key={number} className="carrier">
                {number} <b>{duration(rttMs)}</b>
              </span>
            ))}
          </dd>
        </div>
        <div>
          <dt>Version</dt>
          <dd>{status.version}</dd>
        </div>
      </dl>
    </section>
  )
}

function Capture({ capture }: { readonly capture: CaptureStatus }) {
  const [sure, setSure] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const { bytes, limitBytes } = capture
  const forget = async () => {
    setSure(false)
    try {
      await ask('DELETE', '/exchanges')
      setProblem(null)
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return (
    <section className="facts" aria-label="Capture">
      <h2>Capture</h2>
      <meter min={0} max={Math.max(1, limitBytes)} value={bytes} aria-label="Memory used" />
      <dl>
        <div>
          <dt>Memory</dt>
          <dd>
            {size(bytes)} of {size(limitBytes)}, {counted(capture.exchanges, 'request')}
          </dd>
        </div>
        <div>
          <dt>Forgotten</dt>
          <dd>{count(capture.forgotten)}, to make room for newer ones</dd>
        </div>
        <div>
          <dt>Missed</dt>
          <dd>
            {capture.missedBytes === 0 ? 'nothing' : `${size(capture.missedBytes)} that came too fast to be read`}
          </dd>
        </div>
        <div>
          <dt>Bodies</dt>
          <dd>the first {size(capture.bodyLimitBytes)} of each</dd>
        </div>
        <div>
          <dt>Secrets</dt>
          <dd>{capture.canReveal ? 'redacted; each can be revealed' : 'redacted, not kept'}</dd>
        </div>
        <div>
          <dt>Kept in</dt>
          <dd>{capture.store === null ? 'memory, until the agent ends' : visible(capture.store)}</dd>
        </div>
      </dl>
      {problem !== null && <Problem>{problem}</Problem>}
      {sure ? (
        <span className="sure">
          <button type="button" className="danger" onClick={() => void forget()}>
            Forget all requests
          </button>
          <button type="button" onClick={() => setSure(false)}>
            Keep them
          </button>
        </span>
      ) : (
        <button type="button" onClick={() => setSure(true)}>
          Forget…
        </button>
      )}
    </section>
  )
}
