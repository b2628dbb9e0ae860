import type { Command } from 'commander'
import type { CommandContext } from '../program.js'
import { example } from '../options.js'
import { addStoreOptions, type StoreFlags } from './store-command.js'

/** `uniroutd certs list|rotate-key`: certificates that authorities issued, and the key that guards theirs. */
export function addCertsCommands(root: Command, { output }: CommandContext): void {
  const certs = root.command('certs').description('certificates from authorities, and the key that encrypts theirs')
  certs.addHelpText('after', example('uniroutd certs list', 'uniroutd certs rotate-key'))
  const list = certs.command('list').description('show the certificates in the database, and the orders that failed')
  addStoreOptions(list, 'certs list')
  list.action(async () => {
    const { listCertificates } = await import('./stored-certificates.js')
    output.text(await listCertificates(list.opts<StoreFlags>()))
  })
  const rotate = certs
    .command('rotate-key')
    .description('encrypt the private keys in the database anew, with a new key where the server keeps it itself')
  addStoreOptions(rotate, 'certs rotate-key')
  rotate.action(async () => {
    const { rotateKey } = await import('./stored-certificates.js')
    output.text(await rotateKey(rotate.opts<StoreFlags>()))
  })
}
