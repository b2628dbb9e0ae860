import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { clientHelloTarget } from '../support/fuzz-targets/hello.js'

t.test('20,000 inputs', (t) => fuzz(t, clientHelloTarget, { seed: 1, inputs: 20_000 }))
