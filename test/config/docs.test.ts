import t from 'tap'
import { readFileSync } from 'node:fs'
import { configurationPage } from '../../src/config/docs.js'

const page = configurationPage()

t.test('docs/configuration.md is what the schema says', async (t) => {
  t.equal(readFileSync('docs/configuration.md', 'utf8'), page, 'run: make gen')
})

t.test('says type, default, and whether a reload is enough', async (t) => {
  t.match(page, /\| `hello_timeout` \| a duration from 100ms to 5m.* \| `5s` \| .*\*reload\* \|/)
  t.match(page, /\| `data_dir` \| a path \| `\/var\/lib\/uniroute` \| [^*]* \|/)
  t.match(page, /### `tunnels\.NAME`/)
  t.match(page, /### `certs\.files\[\]`/)
  t.match(page, /\| `redis` .*\*not in this version\* \|/)
  t.match(page, 'the host name of the machine')
})
