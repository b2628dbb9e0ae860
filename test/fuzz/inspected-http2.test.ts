import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { inspectedHttp2Target } from '../support/fuzz-targets/inspected-http2.js'

t.test('10,000 inputs', (t) => fuzz(t, inspectedHttp2Target, { seed: 1, inputs: 10_000 }))
