import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { streamToDuplex, type Stream } from '../../src/wire/index.js'
import { ByteReader } from './byte-reader.js'
import { bothWays } from './transfer.js'

/** Serves the streams that the other side opens, as dialogue.md says. */
export class Responder {
  #resets = 0

  /** For `SessionEvents.onStream`. */
  readonly onStream = (stream: Stream): void => {
    const duplex = streamToDuplex(stream)
    // A driver that resets its stream is part of the tests; what else goes wrong shows at the driver.
    duplex.on('error', () => {})
    this.#answer(stream, duplex, new ByteReader(duplex)).then(
      (last) => duplex.end(last),
      (error: unknown) => duplex.end(`no: ${String(error)}`),
    )
  }

  /** Does what the stream's first line says. Returns the last bytes to send. */
  async #answer(stream: Stream, duplex: Duplex, from: ByteReader): Promise<string> {
    const [command, size] = (await from.line()).split(' ')
    switch (command) {
      case 'echo':
        await echo(duplex, from)
        return ''
      case 'sum': {
        const said = await from.all()
        return `${said.length} ${createHash('sha256').update(said).digest('hex')}`
      }
      case 'both':
        await bothWays(duplex, from, Number(size))
        return 'ok'
      case 'reset':
        stream.reset()
        return ''
      case 'hold':
        duplex.write('held\n')
        await from.some().catch(() => (this.#resets += 1))
        return ''
      case 'resets':
        return String(this.#resets)
      case 'goaway':
        stream.session.goAway()
        duplex.write('gone\n')
        await echo(duplex, from)
        return ''
      default:
        throw new Error(`unknown command ${command}`)
    }
  }
}

async function echo(duplex: Duplex, from: ByteReader): Promise<void> {
  for (let piece = await from.some(); piece !== null; piece = await from.some()) {
    if (!duplex.write(piece)) await once(duplex, 'drain')
  }
}
