import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { program, ROOT } from '../support/places.js'
import { must } from '../support/processes.js'

const GO_FOLDERS = ['/usr/local/go/bin', '/usr/lib/go/bin']

/** Builds test/interop/go-yamux with the system's Go and Debian's hashicorp/yamux. Returns the program's path. */
export async function buildGoYamux(): Promise<string> {
  const go = await program('go', 'golang-go', GO_FOLDERS)
  const folder = path.join(ROOT, '.tmp/go')
  await mkdir(folder, { recursive: true })
  const binary = path.join(folder, 'go-yamux')
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOPATH: '/usr/share/gocode',
    GOCACHE: path.join(folder, 'cache'),
    GOFLAGS: '',
    GOTOOLCHAIN: 'local',
  }
  const cwd = path.join(ROOT, 'test/interop/go-yamux')
  await must(go, ['build', '-o', binary, '.'], { cwd, env, ms: 240_000 })
  return binary
}
