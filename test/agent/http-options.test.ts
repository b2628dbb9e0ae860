import t from 'tap'
import { isPassword } from '../../src/access/visitor-rules/password.js'
import { httpOptionsToBind } from '../../src/agent/http-options.js'
import { httpKeysFrom, httpOptionsOf, readUpstream } from '../../src/config/index.js'
import { Control, decodeHttpOptions, encodeDelimited } from '../../src/protocol/index.js'

t.test('passwords do not leave the agent, their hashes do, and the server can check them', async (t) => {
  const keys = httpKeysFrom([
    { path: ['basic_auth'], value: ['ann:correct horse', 'bob:another one'], origin: '--basic-auth' },
  ])
  const http = await httpOptionsToBind(httpOptionsOf(keys, readUpstream('3000')))
  const bytes = encodeDelimited(Control, { bind: { httpOptions: http } })
  for (const password of ['correct horse', 'another one']) {
    for (const encoding of ['utf8', 'base64', 'hex'] as const) {
      t.notOk(bytes.includes(Buffer.from(password).toString(encoding)), `${password} as ${encoding}`)
    }
  }
  const [ann, bob] = decodeHttpOptions(http).rules.basicAuth
  t.equal(ann?.user, 'ann')
  t.equal(bob?.user, 'bob')
  t.ok(await isPassword('correct horse', ann!))
  t.notOk(await isPassword('another one', ann!))
  t.ok(await isPassword('another one', bob!))
})
