import { SERVER_WORDS } from '../../config/foreign.js'
import { addCommonCommands } from '../common-commands.js'
import { example } from '../options.js'
import { runProgram } from '../program.js'
import { addAccountCommands } from './account.js'
import { addAgentCertCommands } from './agent-cert.js'
import { addAdminTokenCommands } from './admin-token.js'
import { addBackupCommands } from './backup.js'
import { addCertsCommands } from './certs.js'
import { addCheckCommand } from './check.js'
import { addDoctorCommand } from './doctor.js'
import { addLookCommands } from './look.js'
import { addMigrateCommand } from './migrate.js'
import { addReserveCommands } from './reserve.js'
import { addDevCommand, addRunCommand } from './run.js'
import { addTokenCommands } from './token.js'

/** The program `uniroutd`. Resolves with its exit code. */
export function uniroutd(argv: string[]): Promise<number> {
  return runProgram(
    'uniroutd',
    argv,
    (root, context) => {
      root.description('The UniRoute server: gives services behind agents a public address.')
      root.addHelpText(
        'after',
        example('uniroutd dev', 'uniroutd run --config /etc/uniroute/uniroutd.yml', 'uniroutd token create laptop'),
      )
      addRunCommand(root, context)
      addDevCommand(root, context)
      addCheckCommand(root, context)
      addDoctorCommand(root, context)
      addTokenCommands(root, context)
      addAgentCertCommands(root, context)
      addAccountCommands(root, context)
      addAdminTokenCommands(root, context)
      addLookCommands(root, context)
      addReserveCommands(root, context)
      addCertsCommands(root, context)
      addMigrateCommand(root, context)
      addBackupCommands(root, context)
      addCommonCommands(root, context)
    },
    SERVER_WORDS,
  )
}
