import { readFile } from 'node:fs/promises'
import t from 'tap'
import { decodeMessage, DelimitedReader, encodeDelimited } from '../../src/protocol/delimited.js'
import * as messages from '../../src/protocol/messages.js'
import { SAMPLES, type Sample } from './recorded/samples.js'

// Bytes of every message, recorded when a version was released. They are never changed: a newer version must read
// them, and write the same bytes for the same content.

const VERSIONS = ['0.1.0']

async function recording(version: string): Promise<Map<string, Buffer>> {
  const text = await readFile(new URL(`./recorded/${version}.hex`, import.meta.url), 'utf8')
  const lines = text.split('\n').filter((line) => line !== '')
  return new Map(lines.map((line) => [line.split(' ')[0]!, Buffer.from(line.split(' ')[1]!, 'hex')]))
}

const typeOf = ({ type }: Sample) => messages[type] as messages.MessageType<object, never>

for (const version of VERSIONS) {
  t.test(`version ${version}`, async (t) => {
    const recorded = await recording(version)
    for (const [name, bytes] of recorded) {
      const sample = SAMPLES[name]
      if (sample === undefined) {
        t.fail(`${name} was recorded, and must stay readable`)
        continue
      }
      const reader = new DelimitedReader(name)
      reader.push(bytes)
      const body = reader.next()
      t.match(decodeMessage(typeOf(sample), body!), sample.content, `${name} is read`)
      t.equal(reader.buffered, 0)
      t.same(
        encodeDelimited(typeOf(sample), sample.content as never).toString('hex'),
        bytes.toString('hex'),
        `${name} is written`,
      )
    }
  })
}

t.test('every sample was recorded', async (t) => {
  const recorded = await recording(VERSIONS.at(-1)!)
  t.same([...recorded.keys()].sort(), Object.keys(SAMPLES).sort())
})

t.test('every message has a sample with every field set', async (t) => {
  const proto = await Promise.all(
    ['control', 'http', 'preface', 'stream'].map((file) =>
      readFile(new URL(`../../proto/uniroute/v1/${file}.proto`, import.meta.url), 'utf8'),
    ),
  )
  const fields = [...proto.join('\n').matchAll(/^\s+(?:repeated )?[\w.]+ (\w+) = \d+;/gm)].map(([, name]) =>
    camel(name!),
  )
  const sampled = JSON.stringify(SAMPLES)
  for (const field of new Set(fields)) t.ok(sampled.includes(`"${field}":`), field)
})

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}
