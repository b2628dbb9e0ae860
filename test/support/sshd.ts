import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { userInfo } from 'node:os'
import { eventually } from './hang.js'
import { freePort, program, temporaryFolder, type Owner } from './places.js'
import { must, Process } from './processes.js'
import { exchange } from './pumps.js'

/** An OpenSSH server of this test alone, and the key by which we may log in. */
export interface Sshd {
  readonly port: number
  readonly key: string
}

/** Starts an sshd at every address of this network namespace. */
export async function startSshd(t: Owner): Promise<Sshd> {
  const folder = await temporaryFolder(t)
  const [file, keygen, port] = await Promise.all([
    program('sshd', 'openssh-server'),
    program('ssh-keygen', 'openssh-client'),
    freePort(),
  ])
  const key = (name: string) => path.join(folder, name)
  for (const name of ['host', 'user']) await must(keygen, ['-q', '-t', 'ed25519', '-N', '', '-f', key(name)])
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const config = `ListenAddress 0.0.0.0:${port}
HostKey ${key('host')}
AuthorizedKeysFile ${key('user.pub')}
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
PidFile none
`
  await writeFile(key('sshd_config'), config)
  const server = new Process('sshd', file, ['-D', '-e', '-f', key('sshd_config')])
  t.teardown(async () => {
    // Each connection has a process of its own, which outlives the server, and on a path that was cut for ever.
    const children = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').catch(() => '')
    server.kill('SIGTERM')
    for (const pid of children.split(' ').map(Number)) if (pid > 0) end(pid)
    await server.exit
  })
  await eventually('sshd to answer', async () => {
    if (server.ending !== null) throw new Error(server.describe())
    await exchange(port, 'SSH-2.0-none\r\n', { half: true })
  })
  return { port, key: key('user') }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // It has ended by itself.
  }
}

/** Arguments of `ssh` with which it logs in to `sshd` at this place, and asks nobody. */
export function sshArgs(sshd: Sshd, host: string, port: number): string[] {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes']
  const to = ['-p', String(port), `${userInfo().username}@${host}`]
  return ['-F', 'none', '-i', sshd.key, ...options.flatMap((option) => ['-o', option]), ...to]
}
