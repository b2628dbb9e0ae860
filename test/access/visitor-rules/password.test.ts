import t from 'tap'
import { inspect } from 'node:util'
import { hashCredentials, PasswordQueue } from '../../../src/access/visitor-rules/index.js'
import { isPassword, nobody, PASSWORD_COST } from '../../../src/access/visitor-rules/password.js'
import { Secret } from '../../../src/core/secret.js'

t.test('the hash is scrypt: the vector of RFC 7914 §12', async (t) => {
  const credentials = {
    user: 'x',
    salt: Buffer.from('SodiumChloride'),
    hash: Buffer.from(
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
        'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
      'hex',
    ),
    cost: { logN: 14, r: 8, p: 1 },
  }
  t.ok(await isPassword('pleaseletmein', credentials))
  t.notOk(await isPassword('pleaseletmeout', credentials))
})

t.test('what the server is told has a salt and a hash, and no password', async (t) => {
  const given = { user: 'ann', password: new Secret('correct horse') }
  const [one, two] = await Promise.all([hashCredentials(given), hashCredentials(given)])
  t.equal(one.user, 'ann')
  t.equal(one.salt.length, 16)
  t.equal(one.hash.length, 32)
  t.same(one.cost, PASSWORD_COST)
  t.not(one.salt.toString('hex'), two.salt.toString('hex'))
  t.not(one.hash.toString('hex'), two.hash.toString('hex'))
  t.notMatch(inspect(one) + JSON.stringify(one), /correct|horse/)
  t.ok(await isPassword('correct horse', one))
  t.notOk(await isPassword('Correct horse', one))
  t.notOk(await isPassword('', one))
})

t.test('one letter may be written in several ways', async (t) => {
  const credentials = await hashCredentials({ user: 'ann', password: new Secret('cafe\u0301 au lait') })
  t.ok(await isPassword('caf\u00e9 au lait', credentials))
})

t.test('nobody is let in as nobody', async (t) => {
  t.notOk(await isPassword('', nobody()))
})

t.test('so many are checked at once, so many wait, and the others are turned away', async (t) => {
  const credentials = await hashCredentials({ user: 'ann', password: new Secret('right one') })
  const queue = new PasswordQueue({ running: 1, waiting: 2 })
  const answers = [
    queue.check('right one', credentials),
    queue.check('wrong', credentials),
    queue.check('right one', credentials),
  ]
  t.equal(queue.waiting, 2)
  t.equal(queue.check('right one', credentials), null)
  t.same(await Promise.all(answers.map(async (answer) => answer)), [true, false, true])
  t.equal(queue.waiting, 0)
  t.equal(await queue.check('right one', credentials), true, 'and then there is room again')
})

t.test('a check that fails lets the next one go on', async (t) => {
  const good = await hashCredentials({ user: 'ann', password: new Secret('right one') })
  const queue = new PasswordQueue({ running: 1, waiting: 2 })
  const failing = queue.check('x', { ...good, cost: { logN: 14, r: 8, p: -1 } })
  const next = queue.check('right one', good)
  await t.rejects(failing!)
  t.equal(await next, true)
})
