import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { dnsMessageTarget } from '../support/fuzz-targets/dns.js'

t.test('20,000 inputs', (t) => fuzz(t, dnsMessageTarget, { seed: 1, inputs: 20_000 }))
