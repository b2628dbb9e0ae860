import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { offsetTarget } from '../support/fuzz-targets/offset.js'

t.test(`${offsetTarget.name}: 5,000 inputs`, (t) => fuzz(t, offsetTarget, { seed: 1, inputs: 5_000 }))
