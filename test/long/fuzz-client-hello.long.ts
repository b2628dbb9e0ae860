import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { clientHelloTarget } from '../support/fuzz-targets/hello.js'

t.test('1,000,000 inputs', { timeout: 1_200_000 }, (t) => fuzz(t, clientHelloTarget, { seed: 2, inputs: 1_000_000 }))
