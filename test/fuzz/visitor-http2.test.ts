import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { visitorHttp2Target } from '../support/fuzz-targets/visitor-http2.js'

t.test('10,000 inputs', (t) => fuzz(t, visitorHttp2Target, { seed: 1, inputs: 10_000 }))
