// `node --import ./scripts/typescript/register.mjs FILE.ts` runs TypeScript as it is, without checking types.
// What was compiled once is kept in .tmp/modules: a test file starts at once, and not after the seconds that tap's own
// loader needs to compile, each time, all that the file imports. tap takes this one by `node-arg` in package.json, and
// leaves its own out by `TAP_TYPE_STRIP_ONLY` in `test-env`.
import { register } from 'node:module'

register('./hooks.mjs', import.meta.url)
