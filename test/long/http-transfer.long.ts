import { createReadStream } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { Curl, VERSIONS } from '../support/curl.js'
import { randomFile, sha256Of } from '../support/files.js'
import { HttpProduct } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'
import { MemoryWatch, residentBytes } from '../support/memory.js'
import { temporaryFolder } from '../support/places.js'
import { must } from '../support/processes.js'

const MIB = 1024 ** 2
const SIZE = 2048 * MIB
/** What each process may grow by. */
const GROWTH = 64 * MIB
/** Limit against hangs. */
const MS = 600_000

const [product, folder] = await Promise.all([HttpProduct.start(t), temporaryFolder(t)])
const file = path.join(folder, 'file')
const sum = await randomFile(file, SIZE)
const { port } = await upstream(t, (request, response) => {
  if (request.method === 'GET') {
    response.setHeader('content-length', SIZE)
    createReadStream(file).pipe(response)
  } else void sha256Of(request).then((received) => response.end(received))
})
const agent = await product.agent(t, port, 'files')
const url = product.url('files', '/file')
const pids = { server: product.server.process.pid, agent: agent.process.pid }

for (const version of VERSIONS) {
  const curl = await Curl.at(product, version)
  for (const [what, command] of [
    ['upload', curl.command('-T', file, url)],
    ['download', `${curl.command(url)} | sha256sum`],
  ] as const) {
    t.test(`${what} of 2 GiB by HTTP/${version}`, { timeout: MS }, async (t) => {
      const before = { server: await residentBytes(pids.server), agent: await residentBytes(pids.agent) }
      const watch = { server: new MemoryWatch(pids.server), agent: new MemoryWatch(pids.agent) }
      const start = performance.now()
      const { out } = await must('sh', ['-c', command], { ms: MS })
      const seconds = (performance.now() - start) / 1000
      t.equal(out.slice(0, 64), sum, 'every byte came')
      for (const name of ['server', 'agent'] as const) {
        const grown = (await watch[name].stop()) - before[name]
        t.ok(grown < GROWTH, `the ${name} grew by ${(grown / MIB).toFixed(1)} MiB`)
      }
      t.comment(`${seconds.toFixed(1)} s, ${(SIZE / MIB / seconds).toFixed(0)} MiB/s`)
    })
  }
}
