import path from 'node:path'
import { systemClock } from '../../core/clock.js'
import { ConfigError, UniRouteError } from '../../core/errors.js'
import { defaultAgentFile, loadAgentConfig } from '../../config/index.js'
import { ExchangeBook } from '../../inspector/book.js'
import { readHarFile } from '../../inspector/files/suites.js'
import type { Recording } from '../../inspector/files/recording.js'
import { Redactor } from '../../inspector/redact/index.js'
import { BookRecorder } from '../../inspector/replay/book-recorder.js'
import { Replayer } from '../../inspector/replay/replayer.js'
import type { UpstreamSpec } from '../../inspector/replay/send.js'
import type { Output } from '../output.js'
import type { ReplayFlags } from './replay-command.js'
import { runText } from './replay-text.js'

/** Bytes of each body that are compared. */
const BODY_BYTES = 16 * 1024 * 1024
const BOOK_BYTES = 64 * 1024 * 1024

/**
 * `uniroute replay FILE`. Throws ConfigError UR_HAR_FILE, UR_HAR_INVALID, UR_UPSTREAM_SYNTAX, UR_USAGE; UniRouteError
 * UR_REPLAY_DIFFERENT, UR_REPLAY_FAILED.
 */
export async function replay(file: string, flags: ReplayFlags, output: Output): Promise<void> {
  const recordings = await readHarFile(file)
  const tunnels = flags.upstream === undefined ? tunnelsOf(recordings, flags) : []
  const { upstreamCa: caFile, timeout: timeoutMs } = flags
  const replayer = new Replayer({
    clock: systemClock,
    recorder: new BookRecorder({
      book: new ExchangeBook(BOOK_BYTES),
      redactor: new Redactor({ headers: [], jsonPaths: [], reveal: false }),
      bodyLimit: BODY_BYTES,
    }),
    tunnels: () => tunnels,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(caFile !== undefined && { upstreamTls: { caFile: path.resolve(caFile) } }),
  })
  const run = await replayer.run(
    path.basename(file),
    recordings,
    flags.upstream === undefined ? {} : { upstream: flags.upstream },
    { ignoredFields: flags.ignoreHeader ?? [], ignoredPointers: flags.ignoreJson ?? [] },
  )
  output.text(flags.json ? `${JSON.stringify(run)}\n` : runText(run))
  if (run.failed > 0) {
    const message = `${run.failed} of ${recordings.length} requests had no answer; the output says why`
    throw new UniRouteError('UR_REPLAY_FAILED', message)
  }
  if (run.different > 0 && flags.failOnDiff) {
    const message = `${run.different} of ${recordings.length} answers differ from those in ${file}`
    throw new UniRouteError('UR_REPLAY_DIFFERENT', message)
  }
}

/** The tunnels from which the requests came, as the configuration has them. Throws ConfigError UR_USAGE. */
function tunnelsOf(recordings: readonly Recording[], { config: file }: ReplayFlags): UpstreamSpec[] {
  const { config } = loadAgentConfig({ ...(file === undefined ? {} : { file }), env: process.env })
  const missing = recordings.find(({ tunnel }) => !Object.hasOwn(config.tunnels, tunnel))
  if (missing !== undefined) {
    const what =
      missing.tunnel === ''
        ? 'the file does not say where its requests went'
        : `there is no tunnel "${missing.tunnel}" in ${file ?? defaultAgentFile(process.env)}`
    throw new ConfigError('UR_USAGE', `${what}; name the upstream with --upstream`)
  }
  return Object.entries(config.tunnels).flatMap(([name, tunnel]): UpstreamSpec[] => {
    if (tunnel.kind !== 'http') return []
    const { upstream, upstream_ca: caFile, upstream_protocol: upstreamProtocol } = tunnel
    return [
      { name, kind: 'http', upstream, http: { upstreamProtocol }, ...(caFile !== null && { upstreamTls: { caFile } }) },
    ]
  })
}
