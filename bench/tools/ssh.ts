import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { userInfo } from 'node:os'
import { portsOf, SERVICES, upstreamAddress, waitForPort } from '../lib/place.js'
import { freePorts } from '../lib/sockets.js'
import { missingProgram, onPath, versionOf, waitUntilReady, type Tool } from './tool.js'

/** OpenSSH with its default ciphers: an sshd of our own with keys of our own, and `ssh -N -R`. */
export const ssh: Tool = {
  id: 'ssh',
  title: 'ssh -R',
  encrypted: true,
  missing: () => missingProgram('sshd', 'ssh', 'ssh-keygen'),
  version: () => versionOf('ssh', ['-V'], /OpenSSH_[\w.]+/),
  async start(place) {
    const [control = 0, ...numbers] = await freePorts(SERVICES.length + 1)
    const ports = portsOf(numbers)
    const folder = join(place.folder, `ssh-${control}`)
    const file = (name: string): string => join(folder, name)
    mkdirSync(folder, { mode: 0o700 })
    if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
    for (const name of ['host', 'user']) {
      await place.processes.run('ssh-keygen', ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', file(name)])
    }
    writeFileSync(
      file('sshd_config'),
      `ListenAddress ${place.serverHost}:${control}
HostKey ${file('host')}
AuthorizedKeysFile ${file('user.pub')}
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
PidFile none
`,
    )
    const sshd = onPath('sshd') ?? 'sshd'
    const server = place.processes.start('sshd', [sshd, '-D', '-e', '-f', file('sshd_config')])
    await waitForPort({ host: place.serverHost, port: control }, server)
    const forwards = SERVICES.flatMap((name) => ['-R', `127.0.0.1:${ports[name]}:${upstreamAddress(place, name)}`])
    const options = [
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'ExitOnForwardFailure=yes',
      'LogLevel=ERROR',
    ]
    const agent = place.processes.start(
      'ssh',
      ['ssh', '-F', 'none', '-N', '-i', file('user'), ...options.flatMap((option) => ['-o', option]), ...forwards,
        '-p', String(control), place.serverHost], // prettier-ignore
      { prefix: place.agentPrefix },
    )
    return waitUntilReady({ server: [server], agent: [agent], host: '127.0.0.1', ports })
  },
}
