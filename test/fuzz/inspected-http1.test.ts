import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { inspectedHttp1Target } from '../support/fuzz-targets/inspected-http1.js'

t.test('20,000 inputs', (t) => fuzz(t, inspectedHttp1Target, { seed: 1, inputs: 20_000 }))
