import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { requestsTarget } from '../support/fuzz-targets/requests.js'

t.test('1,000,000 inputs', { timeout: 1_200_000 }, (t) => fuzz(t, requestsTarget, { seed: 2, inputs: 1_000_000 }))
