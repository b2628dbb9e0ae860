import t from 'tap'
import { CAPABILITIES, commonCapabilities } from '../../src/protocol/version.js'

t.test('both sides use what both announced', async (t) => {
  t.same(commonCapabilities(CAPABILITIES, CAPABILITIES), CAPABILITIES)
  t.same(commonCapabilities(CAPABILITIES, ['something new', 'resume', 'carriers']), ['carriers', 'resume'])
  t.same(commonCapabilities(CAPABILITIES, []), [])
})

t.test('a capability without what it needs is none', async (t) => {
  t.same(commonCapabilities(CAPABILITIES, ['carriers', 'stripe']), ['carriers'], 'a lost carrier would leave a hole')
  t.same(commonCapabilities(CAPABILITIES, ['resume', 'stripe']), [])
})
