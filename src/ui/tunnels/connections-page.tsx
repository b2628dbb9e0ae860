import type { ConnectionSummary } from '../../inspector/contract.js'
import type { ConnectionFeed } from '../live/status-feed.js'
import { useEmitter } from '../live/use-emitter.js'
import { Problem } from '../parts/bits.js'
import { clock, count, duration, size } from '../text/format.js'
import { clipped } from '../text/visible.js'

/** Rows that are drawn; the agent keeps no more of them either. */
const SHOWN = 300

/** Connections through `tcp` and `tls` tunnels. */
export function ConnectionsPage({ feed }: { readonly feed: ConnectionFeed }) {
  useEmitter(feed)
  const { connections, problem, loading } = feed
  const open = connections.filter(({ durationMs }) => durationMs === null).length
  return (
    <div className="sheet">
      <h1>Connections</h1>
      <p className="lead">
        Through <code>tcp</code> and <code>tls</code> tunnels: {count(open)} open, {count(connections.length)} shown.
      </p>
      {problem !== null && <Problem again={() => void feed.load()}>{problem.message}</Problem>}
      {loading && problem === null && <p className="quiet">Loading…</p>}
      {!loading && connections.length === 0 && problem === null && (
        <p className="quiet">None yet. Requests of http tunnels have a page of their own.</p>
      )}
      {connections.length > 0 && (
        <div className="table-frame" tabIndex={0} role="group" aria-label="Connections">
          <table className="connections">
            <thead>
              <tr>
                <th scope="col">Tunnel</th>
                <th scope="col">Visitor</th>
                <th scope="col">Started</th>
                <th scope="col" className="number">
                  In
                </th>
                <th scope="col" className="number">
                  Out
                </th>
                <th scope="col" className="number">
                  Lasted
                </th>
              </tr>
            </thead>
            <tbody>
              {connections.slice(0, SHOWN).map((one) => (
                <Connection key={one.id} connection={one} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  )
}

function Connection({ connection }: { readonly connection: ConnectionSummary }) {
  const { tunnel, visitor, startedAt, bytesIn, bytesOut, durationMs, problem } = connection
  return (
    <>
      <tr>
        <td>{clipped(tunnel, 60)}</td>
        <td>{clipped(visitor, 60)}</td>
        <td>{clock(startedAt)}</td>
        <td className="number">{size(bytesIn)}</td>
        <td className="number">{size(bytesOut)}</td>
        <td className="number">{durationMs === null ? <span className="still">open</span> : duration(durationMs)}</td>
      </tr>
      {problem !== null && (
        <tr className="problem-row">
          <td colSpan={6}>{clipped(problem, 400)}</td>
        </tr>
      )}
    </>
  )
}
