import { once } from 'node:events'
import { connect } from 'node:net'
import { modeForOthers } from '../../certs/key-file.js'
import { type DoctorFinding, well, wrong } from './finding.js'

/** Whether anybody listens on a port of this machine: authorities and visitors come to it. */
export async function portFinding(host: string, port: number, timeoutMs: number): Promise<DoctorFinding> {
  const what = `port ${port}`
  const socket = connect({ host, port, timeout: timeoutMs })
  try {
    socket.once('timeout', () => socket.destroy(new Error('no answer')))
    await once(socket, 'connect')
    return well(what)
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message
    const problem = `nothing answers at ${host.includes(':') ? `[${host}]` : host}:${port} (${reason})`
    return wrong(what, problem, 'start uniroutd, or forward the port to the one that it listens on')
  } finally {
    socket.destroy()
  }
}

/** Whether an address of an account can be one: authorities refuse others, and some ask the domain. */
export function emailFinding(email: string): DoctorFinding {
  const what = `e-mail address ${email}`
  const advice = 'write one address that is read, such as admin@example.org'
  if (!/^[^\s@<>(),:;"[\]\\]{1,64}@[^\s@]+$/.test(email)) return wrong(what, 'it is no address', advice)
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  const isName = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/.test(domain)
  if (!isName) return wrong(what, `${domain} is no domain for mail`, advice)
  const isExample = /(^|\.)example\.(com|net|org)$|(^|\.)(example|test|invalid|localhost|local)$/.test(domain)
  return isExample ? wrong(what, `authorities refuse ${domain}: it is for examples`, advice) : well(what)
}

/** Whether a file with a key can be read by others than its owner. */
export async function keyFileFinding(file: string): Promise<DoctorFinding> {
  const what = `key file ${file}`
  try {
    const mode = await modeForOthers(file)
    if (mode === null) return well(what)
    const problem = `others may read or write it (mode ${mode})`
    return wrong(what, problem, `run: chmod 600 ${file}`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const problem = code === 'ENOENT' ? 'it is not there' : `it cannot be looked at (${code})`
    return wrong(what, problem, 'correct the path, or the rights of the folders above')
  }
}
