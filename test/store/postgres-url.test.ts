import t from 'tap'
import { Secret } from '../../src/core/secret.js'
import { parsePostgresUrl } from '../../src/store/postgres-url.js'

const parse = (text: string) => parsePostgresUrl(new Secret(text))

t.test('an address has a name without its password and parameters', async (t) => {
  const names = {
    'postgres://u:hunter2@db.example.com:5433/tunnels?sslmode=verify-full': 'postgres://u@db.example.com:5433/tunnels',
    'postgresql://db/tunnels': 'postgres://db/tunnels',
    'postgres://u:hunter2@[::1]/d': 'postgres://u@[::1]/d',
    'postgres://u@%2Fvar%2Frun%2Fpostgresql/d': 'postgres://u@/var/run/postgresql/d',
    'postgres:///d?host=/run/postgresql': 'postgres:///run/postgresql/d',
    'postgres://u%1b[2J:hunter2@h/d': 'postgres://u\\u001b[2J@h/d',
    'postgres://u:p%2Fhunter2@h/d': 'postgres://u@h/d',
  }
  for (const [text, name] of Object.entries(names)) t.equal(parse(text).name, name, text)
})

t.test('it says who connects, and sslmode means what it means to psql', async (t) => {
  const { url } = parse('postgres://u:hunter2@h/d?sslmode=require')
  t.equal(url, 'postgres://u:hunter2@h/d?sslmode=require&application_name=uniroutd&uselibpqcompat=true')
  t.equal(parse('postgres://h/d?application_name=me').url, 'postgres://h/d?application_name=me')
})

t.test('what is no address is refused, and not repeated', async (t) => {
  const wrong: Record<string, RegExp> = {
    'postgres://u:hunter2/x@h/d': /not an address/,
    'mysql://u:hunter2@h/d': /postgres:\/\//,
    'postgres://u:hunter2@h/d#hunter2': /a # in it/,
    'postgres://u:hunter2@/d': /not an address|host is missing/,
    'postgres:///d': /host is missing/,
    'postgres://u:hunter2@h': /name of the database is missing/,
    'postgres://u:hunter2@h/': /name of the database is missing/,
    'postgres://u:hunter2%@h/d': /two hexadecimal digits/,
    'postgres://u:hunter2@h/d?sslmode=prefer': /sslmode is not one of disable, require/,
    'postgres://u:hunter2@h/d?sslmode=verify-ca': /needs sslrootcert/,
  }
  for (const [text, why] of Object.entries(wrong)) {
    try {
      parse(text)
      t.fail(text)
    } catch (error) {
      t.match(error, { name: 'ConfigError', code: 'UR_STORE_URL', message: why, exitCode: 2 }, text)
      t.notMatch((error as Error).message, 'hunter2')
    }
  }
})
