import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { sessionTarget } from '../support/fuzz-targets/session.js'

t.test('250,000 inputs', { timeout: 1_800_000 }, (t) => fuzz(t, sessionTarget, { seed: 2, inputs: 250_000 }))
