import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import {
  authoritiesId,
  authoritiesPem,
  CLIENT_AUTHORITY_BOUNDS,
  ordered,
  readClientAuthorities,
} from '../../src/config/index.js'
import { CertificateError } from '../../src/core/errors.js'
import { Authority } from '../support/certificates.js'
import { temporaryFolder } from '../support/places.js'

t.test('authorities of several files and bundles, each once, whatever their order', async (t) => {
  const [one, two] = await Promise.all([Authority.create(t, 'one'), Authority.create(t, 'two')])
  const folder = await temporaryFolder(t)
  const [first, second] = await Promise.all([readFile(one.ca, 'utf8'), readFile(two.ca, 'utf8')])
  const bundle = path.join(folder, 'bundle.pem')
  await writeFile(bundle, `# the authorities of the office\r\nsubject=CN = two\n${second}\n\n${first}${second}`)
  const both = readClientAuthorities([one.ca, two.ca])
  t.equal(both.length, 2)
  t.same(readClientAuthorities([bundle]), both)
  t.equal(authoritiesId(readClientAuthorities([bundle, one.ca])), authoritiesId(both))
  t.not(authoritiesId(readClientAuthorities([one.ca])), authoritiesId(both))
  t.same(authoritiesPem(both).sort(), [first, second].sort())
  t.same(readClientAuthorities([]), [])
  t.not(authoritiesId(ordered([Buffer.from('ab'), Buffer.from('c')])), authoritiesId(ordered([Buffer.from('abc')])))
})

t.test('what is wrong with a file is said, with its name', async (t) => {
  const authority = await Authority.create(t, 'office')
  const folder = await temporaryFolder(t)
  const pem = await readFile(authority.ca, 'utf8')
  const leaf = await readFile((await authority.issueClient('ann')).cert, 'utf8')
  const body = pem.split('\n').slice(1, -2).join('\n')
  const file = async (name: string, text: string) => {
    const at = path.join(folder, name)
    await writeFile(at, text)
    return at
  }
  const cases: [string, string, RegExp][] = [
    [path.join(folder, 'missing.pem'), 'UR_CLIENT_CA_UNREADABLE', /ENOENT.*correct the path/],
    [folder, 'UR_CLIENT_CA_UNREADABLE', /EISDIR/],
    [await file('text.pem', 'hello'), 'UR_CLIENT_CA_INVALID', /no certificate in PEM form/],
    [await file('der.pem', Buffer.from(body, 'base64').toString('latin1')), 'UR_CLIENT_CA_INVALID', /PEM/],
    [await file('key.pem', pem.replaceAll('CERTIFICATE', 'PRIVATE KEY')), 'UR_CLIENT_CA_INVALID', /no certificate/],
    [
      await file('cut.pem', pem.replace(body, body.slice(0, 64))),
      'UR_CLIENT_CA_INVALID',
      /certificate 1 of 1 could not/,
    ],
    [
      await file('leaf.pem', pem + leaf),
      'UR_CLIENT_CA_INVALID',
      /certificate 2 of 2 \(CN=ann\) is not that of an authority/,
    ],
    [await file('big.pem', pem + '\n'.repeat(1024 * 1024)), 'UR_CLIENT_CA_TOO_BIG', /1 MiB/],
  ]
  for (const [at, code, message] of cases) {
    const error = t.throws(() => readClientAuthorities([authority.ca, at]), CertificateError, at)
    t.match(error, { code, exitCode: 2, message })
    t.ok((error as Error).message.includes(at), at)
  }
})

t.test('more than a tunnel may have', async (t) => {
  const { certificates } = CLIENT_AUTHORITY_BOUNDS
  const authority = await Authority.create(t, 'root')
  const many = await Promise.all(
    Array.from({ length: certificates + 1 }, (_, i) => authority.intermediate(t, `authority ${i}`)),
  )
  const files = many.map(({ ca }) => ca)
  t.equal(readClientAuthorities(files.slice(1)).length, certificates)
  t.throws(() => readClientAuthorities(files), {
    code: 'UR_CLIENT_CA_TOO_BIG',
    message: /33 certificates of \d+ bytes/,
  })
})

t.test('authorities that have expired are left out; a file that has no others is refused', async (t) => {
  const [one, two] = await Promise.all([Authority.create(t, 'one'), Authority.create(t, 'two')])
  const later = new Date(Date.now() + 3 * 86_400_000)
  t.throws(() => readClientAuthorities([one.ca], later), { code: 'UR_CLIENT_CA_EXPIRED', message: /expired on 20/ })
  const long = await Authority.create(t, 'long', 30)
  const bundle = path.join(await temporaryFolder(t), 'bundle.pem')
  await writeFile(bundle, (await Promise.all([one, long, two].map(({ ca }) => readFile(ca, 'utf8')))).join(''))
  t.same(readClientAuthorities([bundle], later), readClientAuthorities([long.ca]))
  t.equal(readClientAuthorities([bundle]).length, 3)
})
