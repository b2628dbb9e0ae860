import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { offsetTarget } from '../support/fuzz-targets/offset.js'

t.test(`${offsetTarget.name}: 500,000 inputs`, { timeout: 1_800_000 }, (t) =>
  fuzz(t, offsetTarget, { seed: 2, inputs: 500_000 }),
)
