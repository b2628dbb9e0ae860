import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Processes } from '../lib/processes.js'
import { repository } from '../lib/repository.js'
import type { Column, Measurement } from './measurement.js'

const GIB = 1024 ** 3
const part = fileURLToPath(new URL('../parts/multiplexer-end.js', import.meta.url))

/** Columns of the multiplexer table; no encryption anywhere. */
export const MULTIPLEXER_COLUMNS: readonly Column[] = [
  { id: 'wire', title: 'src/wire', encrypted: false, version: () => versionOf('.') },
  { id: 'yamux-js', title: 'yamux-js', encrypted: false, version: () => versionOf('node_modules/yamux-js') },
  {
    id: 'libp2p-yamux',
    title: '@chainsafe/libp2p-yamux',
    encrypted: false,
    version: () => versionOf('node_modules/@chainsafe/libp2p-yamux'),
  },
]

export const MULTIPLEXER_MEASUREMENTS: readonly Measurement[] = [
  {
    id: 'mux-bulk',
    figures: [
      { key: 'rate', title: 'one stream of 64 KiB chunks, MB/s', better: 'more', digits: 0 },
      { key: 'cpu', title: 'the same, CPU seconds per GiB, both ends', better: 'less', digits: 2 },
    ],
  },
  {
    id: 'mux-echo',
    figures: [
      { key: 'rate', title: '64 streams that echo 256 bytes, answers/s', better: 'more', digits: 0 },
      { key: 'cpu', title: 'the same, CPU µs per answer, both ends', better: 'less', digits: 1 },
    ],
  },
]

interface EndResult {
  seconds: number
  bytes: number
  answers: number
  cpu: number
}

/** Runs both ends, each a process, with one multiplexer between them over one loopback connection. */
export async function measureMultiplexer(
  column: Column,
  measurement: Measurement,
  processes: Processes,
  seconds: number,
): Promise<Record<string, number>> {
  const work = measurement.id.slice('mux-'.length)
  const server = processes.start('mux-server', [process.execPath, part, column.id, work, 'server'])
  const port = (await server.line('listening ')).split(' ')[1] ?? ''
  const client = processes.start('mux-client', [
    process.execPath,
    part,
    column.id,
    work,
    'client',
    port,
    String(seconds),
  ])
  const timer = setTimeout(() => void processes.end(client), (seconds + 20) * 1000)
  try {
    await Promise.race([client.exited, server.exited])
    if (server.ended) throw new Error(server.reason())
    const line = client.output().split('\n').find((text) => text.startsWith('result ')) // prettier-ignore
    if (line === undefined) throw new Error(client.reason())
    const { seconds: took, bytes, answers, cpu } = JSON.parse(line.slice('result '.length)) as EndResult
    if (bytes === 0) throw new Error('nothing arrived any more')
    return work === 'echo'
      ? { rate: answers / took, cpu: (cpu / answers) * 1e6 }
      : { rate: bytes / took / 1e6, cpu: cpu / (bytes / GIB) }
  } finally {
    clearTimeout(timer)
    await processes.end(server, client)
  }
}

function versionOf(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(repository, folder, 'package.json'), 'utf8')) as { version: string }
  return version
}
