import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from '../core/logger.js'

export interface FileWatchOptions {
  readonly files: readonly string[]
  readonly log: Logger
  /** How often the files are looked at where the system reports no changes (network file systems), ms. */
  readonly pollMs: number
  /** How long to wait after a report for more of them, ms. */
  readonly settleMs: number
  /** Called when any of the files is another than before, by inode, size or time; never before it has settled. */
  onChange(): Promise<void>
}

/**
 * Tells when files change. Their folders are watched, since files are replaced by renaming (certbot exchanges a
 * symbolic link, Kubernetes that of the folder above), and the files are looked at from time to time as well.
 */
export class FileWatch {
  readonly #options: FileWatchOptions
  readonly #poll: NodeJS.Timeout
  #watchers: FSWatcher[] = []
  #settle: NodeJS.Timeout | null = null
  #seen: string | null = null
  #looking: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: FileWatchOptions) {
    this.#options = options
    this.#poll = setInterval(() => this.#look(), options.pollMs)
    this.#poll.unref()
  }

  /** Takes the files as they are now for unchanged, and begins. Call it before reading them. */
  async start(): Promise<void> {
    this.#watchFolders()
    this.#seen = await this.#fingerprint()
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#poll)
    if (this.#settle) clearTimeout(this.#settle)
    this.#unwatch()
  }

  #watchFolders(): void {
    this.#unwatch()
    for (const folder of new Set(this.#options.files.map((file) => dirname(file)))) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#soon())
        watcher.on('error', (error) => this.#unwatchable(folder, error))
        this.#watchers.push(watcher)
      } catch (error) {
        this.#unwatchable(folder, error)
      }
    }
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = []
  }

  #unwatchable(folder: string, error: unknown): void {
    const { log, pollMs } = this.#options
    log.debug(
      { folder, error, poll_ms: pollMs },
      'the system does not report changes in this folder; it is looked at instead',
    )
  }

  #soon(): void {
    if (this.#closed) return
    if (this.#settle) clearTimeout(this.#settle)
    this.#settle = setTimeout(() => this.#look(), this.#options.settleMs)
  }

  #look(): void {
    this.#looking = this.#looking.then(async () => {
      const now = this.#closed ? this.#seen : await this.#fingerprint()
      if (now === this.#seen) return
      this.#seen = now
      // a folder may have been replaced with the file
      if (!this.#closed) this.#watchFolders()
      if (!this.#closed) await this.#options.onChange()
    })
  }

  async #fingerprint(): Promise<string> {
    const parts = this.#options.files.map(async (file) => {
      try {
        const { dev, ino, size, mtimeNs } = await stat(file, { bigint: true })
        return `${dev}:${ino}:${size}:${mtimeNs}`
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'unreadable'
      }
    })
    return (await Promise.all(parts)).join(' ')
  }
}
