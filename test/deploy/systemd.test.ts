import { copyFile, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { program, ROOT, temporaryFolder } from '../support/places.js'
import { Process } from '../support/processes.js'

const UNITS = path.join(ROOT, 'deploy/systemd')

async function analyze(...args: string[]): Promise<Process> {
  const process = new Process('systemd-analyze', await program('systemd-analyze', 'systemd'), args)
  await process.exit
  return process
}

/** The values of a key of a unit file, in their order. */
async function values(unit: string, key: string): Promise<string[]> {
  const lines = (await readFile(path.join(UNITS, unit), 'utf8')).split('\n')
  return lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))
}

t.test('systemd accepts every unit without a word', async (t) => {
  const units = (await readdir(UNITS)).sort()
  t.strictSame(units, ['uniroute@.service', 'uniroutd-http.socket', 'uniroutd.service', 'uniroutd.socket'].sort())
  const folder = await temporaryFolder(t)
  for (const unit of units) await copyFile(path.join(UNITS, unit), path.join(folder, unit.replace('@.', '@office.')))
  for (const unit of units) {
    const { ending, out, err } = await analyze('verify', '--man=no', path.join(folder, unit.replace('@.', '@office.')))
    t.strictSame({ ending, out, err }, { ending: { code: 0, signal: null }, out: [], err: [] }, unit)
  }
})

for (const unit of ['uniroutd.service', 'uniroute@.service']) {
  t.test(`${unit} is exposed by 2.0 at most`, async (t) => {
    const { out } = await analyze('security', '--no-pager', '--offline=true', path.join(UNITS, unit))
    const level = /Overall exposure level for [^:]*: (\d+\.\d+)/.exec(out.join('\n'))?.[1]
    t.ok(Number(level) <= 2, `exposure level ${level}`)
    t.ok(Number(level) > 0)
  })
}

t.test('what server and units must agree about', async (t) => {
  t.strictSame(await values('uniroutd.service', 'Type'), ['notify'])
  t.strictSame(await values('uniroutd.service', 'NotifyAccess'), ['all'], 'systemd-notify is a child of the server')
  t.strictSame(await values('uniroutd.service', 'KillMode'), ['mixed'])
  t.strictSame(await values('uniroutd.service', 'StateDirectory'), ['uniroute'], 'data_dir is /var/lib/uniroute')
  t.strictSame(await values('uniroute@.service', 'StateDirectory'), ['uniroute-agent/%i'], 'each agent has its own')
  for (const [unit, port, name] of [
    ['uniroutd.socket', '443', 'tls'],
    ['uniroutd-http.socket', '80', 'http'],
  ] as const) {
    t.strictSame(await values(unit, 'ListenStream'), [port])
    t.strictSame(await values(unit, 'FileDescriptorName'), [name])
    t.strictSame(await values(unit, 'Service'), ['uniroutd.service'])
  }
})
