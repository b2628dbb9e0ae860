import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { inspectedHttp1Target } from '../support/fuzz-targets/inspected-http1.js'

t.test('1,000,000 inputs', { timeout: 2_400_000 }, (t) => fuzz(t, inspectedHttp1Target, { seed: 2, inputs: 1_000_000 }))
