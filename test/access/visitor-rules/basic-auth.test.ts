import t from 'tap'
import { BasicAuth, parseBasic } from '../../../src/access/visitor-rules/basic-auth.js'
import { hashCredentials } from '../../../src/access/visitor-rules/index.js'
import { Secret } from '../../../src/core/secret.js'
import { CountingQueue, login, TestClock } from './support.js'

const USERS = await Promise.all([
  hashCredentials({ user: 'ann', password: new Secret('correct horse') }),
  hashCredentials({ user: 'bob', password: new Secret('with:colons:in') }),
])
const HERE = '192.0.2.1'

function auth(waiting = 64) {
  const clock = new TestClock()
  const passwords = new CountingQueue({ running: 1, waiting })
  return { clock, passwords, auth: new BasicAuth(USERS, { clock, passwords }) }
}

t.test('who has the right password comes in, and scrypt is asked once for all his requests', async (t) => {
  const { auth: rule, passwords } = auth()
  t.equal(await rule.check(login('ann', 'correct horse'), HERE), null)
  t.equal(passwords.checks, 1)
  for (let i = 0; i < 100; i++) t.equal(rule.check(login('ann', 'correct horse'), HERE), null, 'at once')
  t.equal(rule.check(login('ann', 'correct horse'), '198.51.100.1'), null, 'from anywhere')
  t.equal(passwords.checks, 1)
  t.equal(await rule.check(login('bob', 'with:colons:in'), HERE), null)
  t.equal(passwords.checks, 2)
})

t.test('others are asked to log in', async (t) => {
  const { auth: rule, passwords } = auth()
  const challenge = {
    code: 'UR_VISITOR_LOGIN',
    headers: { 'www-authenticate': 'Basic realm="tunnel", charset="UTF-8"' },
  }
  for (const fields of [
    [],
    ['Authorization', ''],
    ['Authorization', 'Bearer abc'],
    ['Authorization', 'Basic'],
    ['Authorization', 'Basic !!!'],
    ['Authorization', `Basic ${Buffer.from('nocolon').toString('base64')}`],
    ['Authorization', `Basic ${'QUFB'.repeat(400)}`],
    ['Proxy-Authorization', login('ann', 'correct horse')[1]!],
    [...login('ann', 'correct horse'), ...login('ann', 'correct horse')],
  ])
    t.same(rule.check(fields, HERE), challenge, fields.join(': '))
  t.equal(passwords.checks, 0, 'without a password there is nothing to check')
  for (const [user, password] of [
    ['ann', 'wrong'],
    ['ann', ''],
    ['ANN', 'correct horse'],
    ['bob', 'correct horse'],
    ['', ''],
    ['carol', 'correct horse'],
  ] as const)
    t.same(await rule.check(login(user, password), HERE), challenge, `${user}:${password}`)
  t.equal(passwords.checks, 6, 'a user who does not exist costs as much as one who does')
})

t.test('a wrong password that was checked is not checked again', async (t) => {
  const { auth: rule, passwords } = auth()
  for (let i = 0; i < 5; i++) t.match(await rule.check(login('ann', 'wrong'), HERE), { code: 'UR_VISITOR_LOGIN' })
  t.equal(passwords.checks, 1)
})

t.test('many requests at once with the same password are one check', async (t) => {
  const { auth: rule, passwords } = auth()
  const answers = Array.from({ length: 6 }, () => rule.check(login('ann', 'correct horse'), HERE))
  t.same(await Promise.all(answers.map(async (answer) => answer)), [null, null, null, null, null, null])
  t.equal(passwords.checks, 1)
})

t.test('an address with too many failures has to wait, unless it has the right password already', async (t) => {
  const { auth: rule, clock, passwords } = auth()
  t.equal(await rule.check(login('ann', 'correct horse'), HERE), null)
  for (let i = 0; i < 20; i++) await rule.check(login('ann', 'wrong'), HERE)
  clock.time += 10_500
  const blocked = { code: 'UR_VISITOR_LOGIN_RATE', headers: { 'retry-after': '50' } }
  t.same(rule.check(login('ann', 'guess'), HERE), blocked)
  t.same(rule.check(login('bob', 'with:colons:in'), HERE), blocked, 'even a right one that was not seen before')
  t.equal(rule.check(login('ann', 'correct horse'), HERE), null)
  t.same(rule.check([], HERE), await rule.check([], '192.0.2.9'), 'no password is no guess')
  const checks = passwords.checks
  t.match(await rule.check(login('ann', 'guess'), '192.0.2.9'), { code: 'UR_VISITOR_LOGIN' }, 'others may try')
  t.equal(passwords.checks, checks + 1)
  clock.time += 60_000
  t.equal(await rule.check(login('bob', 'with:colons:in'), HERE), null)
})

t.test('when too many passwords wait, the next is told to come back', async (t) => {
  const { auth: rule } = auth(0)
  const first = rule.check(login('ann', 'correct horse'), HERE)
  t.same(rule.check(login('ann', 'other'), HERE), { code: 'UR_VISITOR_LOGIN_BUSY', headers: { 'retry-after': '2' } })
  t.equal(await first, null)
  t.match(await rule.check(login('ann', 'other'), HERE), { code: 'UR_VISITOR_LOGIN' }, 'it was not taken for wrong')
})

t.test('credentials are read as RFC 7617 has them', async (t) => {
  t.same(parseBasic('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='), { user: 'Aladdin', password: 'open sesame' }, 'its example')
  t.same(parseBasic('Basic dGVzdDoxMjPCow=='), { user: 'test', password: '123£' }, 'its example with UTF-8')
  t.same(parseBasic('bAsIc   Og=='), { user: '', password: '' })
  t.same(parseBasic('Basic OmE6Yg=='), { user: '', password: 'a:b' })
  for (const value of [
    'Basic',
    'Basic  ',
    'BasicQWxhZGRpbjpvcGVu',
    'Basic a b',
    'Basic QUFB=Q',
    'Digest QQ==',
    'Basic QUFB',
  ])
    t.equal(parseBasic(value), null, value)
})
