import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { proxyHeaderTarget } from '../support/fuzz-targets/hello.js'

t.test('20,000 inputs', (t) => fuzz(t, proxyHeaderTarget, { seed: 1, inputs: 20_000 }))
