import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { requestsTarget } from '../support/fuzz-targets/requests.js'

t.test('30,000 inputs', (t) => fuzz(t, requestsTarget, { seed: 1, inputs: 30_000 }))
