import t from 'tap'
import { Pebble } from '../../support/pebble.js'
import { Accounts, dnsSolver, issueErrorOf, issuerFor, never } from './support.js'

const KEY = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'
const NAMES = { names: ['a.example.com'], replaces: null }

t.test('an authority that wants accounts bound: missing, unknown, wrong, right', async (t) => {
  const pebble = await Pebble.start(t, { eab: { 'kid-1': KEY } })
  const accounts = new Accounts()
  const ask = (eab: { kid: string; hmacKey: string } | null) =>
    issuerFor(pebble, { solver: dnsSolver(pebble), accounts, eab }).issue(NAMES, never())
  const missing = await issueErrorOf(t, ask(null))
  t.equal(missing.code, 'UR_ACME_EAB')
  t.match(missing.message, /none is set.*certs\.acme\.eab/)
  const wrongKey = KEY.replace('zWND', 'AAAA')
  for (const eab of [
    { kid: 'kid-2', hmacKey: KEY },
    { kid: 'kid-1', hmacKey: wrongKey },
  ]) {
    const error = await issueErrorOf(t, ask(eab))
    t.equal(error.code, 'UR_ACME_EAB', error.message)
    t.match(error.message, /did not accept the external account binding/)
  }
  t.equal(accounts.saved, 0)
  t.match((await ask({ kid: 'kid-1', hmacKey: KEY })).chain, /BEGIN CERTIFICATE/)
  t.equal(accounts.saved, 1)
})
