import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { visitorHttp2Target } from '../support/fuzz-targets/visitor-http2.js'

t.test('1,000,000 inputs', { timeout: 2_400_000 }, (t) => fuzz(t, visitorHttp2Target, { seed: 2, inputs: 1_000_000 }))
