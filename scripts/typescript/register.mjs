// `node --import ./scripts/typescript/register.mjs FILE.ts` runs TypeScript as it is, without checking types.
// What was compiled once is kept in .tmp/modules: a test file starts at once, and not after the seconds that tap's own
// loader needs to compile, each time, all that the file imports. tap takes this one by `node-arg` in package.json, and
// leaves its own out by `TAP_TYPE_STRIP_ONLY` in `test-env`.
import { register } from 'node:module'
import { isMainThread } from 'node:worker_threads'

register('./hooks.mjs', import.meta.url)

// At a natural end Node 20 waits for requests of libuv that a reset of their connection swallowed, for ever and with all
// of a processor (Environment::CleanupHandles); process.exit does not. Our programs end by it, and so do tests: when
// there was nothing to do twice in a row, so that all who listen for the end had their turn.
let rested = false
if (isMainThread) {
  process.on('beforeExit', () => {
    if (rested) process.exit()
    rested = true
    setImmediate(() => undefined)
  })
}
