import { isAbsolute } from 'node:path'
import { CertificateError } from '../../core/errors.js'
import { type HookResult, runHook } from './hook.js'
import type { DnsProvider } from './provider.js'

export interface ExecOptions {
  /** Absolute path of the program. */
  readonly hook: string
  /** What its environment has beside PATH, HOME and the like, such as the credentials that it needs. */
  readonly environment: Readonly<Record<string, string>>
  /** How long one run may take, ms. */
  readonly timeoutMs: number
  /** Between SIGTERM and SIGKILL, ms. */
  readonly graceMs: number
}

type Action = 'present' | 'cleanup'

/** What a hook gets of our own environment: secrets of the server may be among the rest. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']

/**
 * Proofs by a program: `HOOK present|cleanup FQDN VALUE`, as the `exec` provider of lego runs it, and with the same in
 * UNIROUTE_DNS_ACTION, UNIROUTE_DNS_NAME and UNIROUTE_DNS_VALUE. One run at a time: hooks edit files.
 */
export class ExecProvider implements DnsProvider {
  readonly name = 'exec'
  readonly concurrentValues = null
  readonly delegation = null
  readonly records = null
  readonly #options: ExecOptions
  #last: Promise<unknown> = Promise.resolve()

  /** Throws CertificateError UR_DNS_OPTION. */
  constructor(options: ExecOptions) {
    if (!isAbsolute(options.hook)) {
      throw new CertificateError('UR_DNS_OPTION', `the hook ${options.hook} has to be an absolute path`)
    }
    this.#options = options
  }

  addTxt(name: string, value: string, signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#run('present', name, value, signal))
  }

  removeTxt(name: string, value: string, signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#run('cleanup', name, value, signal))
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => {})
    return turn
  }

  async #run(action: Action, name: string, value: string, signal: AbortSignal): Promise<void> {
    const { hook, environment, timeoutMs, graceMs } = this.#options
    const fqdn = `${name}.`
    const env = {
      ...Object.fromEntries(
        PASSED_ON.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])),
      ),
      ...environment,
      UNIROUTE_DNS_ACTION: action,
      UNIROUTE_DNS_NAME: fqdn,
      UNIROUTE_DNS_VALUE: value,
    } as Record<string, string>
    const result = await runHook({ file: hook, args: [action, fqdn, value], env, timeoutMs, graceMs, signal })
    if (result.end.kind === 'exit' && result.end.code === 0) return
    const code = result.end.kind === 'timeout' ? 'UR_DNS_HOOK_TIMEOUT' : 'UR_DNS_HOOK'
    throw new CertificateError(code, `${hook} ${action} ${fqdn} ${whatHappened(result, timeoutMs)}${printed(result)}`)
  }
}

function whatHappened({ end }: HookResult, timeoutMs: number): string {
  if (end.kind === 'timeout') return `did not end within ${timeoutMs} ms, and was killed`
  if (end.kind === 'exit') {
    return end.code === null ? `was ended by ${end.signal ?? 'a signal'}` : `failed with exit code ${end.code}`
  }
  switch (end.error.code) {
    case 'ENOENT':
      return 'could not be run: there is no such file, or not the interpreter that its first line names'
    case 'EACCES':
      return 'could not be run: it is not executable for this user (chmod +x), or is in a folder that is closed to him'
    case 'ENOEXEC':
      return 'could not be run: it is no program; a script begins with #! and its interpreter'
    default:
      return `could not be run (${end.error.code ?? end.error.message})`
  }
}

function printed({ lastLines }: HookResult): string {
  return lastLines.length === 0 ? '; it printed nothing' : `; its last lines: ${lastLines.join(' | ')}`
}
