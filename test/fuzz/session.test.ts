import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { sessionTarget } from '../support/fuzz-targets/session.js'

t.test('5,000 inputs', (t) => fuzz(t, sessionTarget, { seed: 1, inputs: 5_000 }))
