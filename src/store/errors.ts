import type { Code } from '../core/error-codes.js'
import { StoreError } from '../core/errors.js'

/** A unique index said no. Repositories turn it into an answer for the user; it does not leave the room. */
export class UniqueViolation extends Error {}

/** A row names another one that is not there. As `UniqueViolation`. */
export class ForeignKeyViolation extends Error {}

/** SQLite's primary result codes (https://sqlite.org/rescode.html) that have an answer of their own. */
const BY_RESULT_CODE: Readonly<Record<number, { code: Code; happened: string; todo: string }>> = {
  5: {
    code: 'UR_STORE_LOCKED',
    happened: 'another process held its lock for too long',
    todo: 'try again; if it persists, end the process that has the file open (`fuser` names it)',
  },
  6: {
    code: 'UR_STORE_LOCKED',
    happened: 'a table of it was locked for too long',
    todo: 'try again',
  },
  8: {
    code: 'UR_STORE_READ_ONLY',
    happened: 'it cannot be written',
    todo: 'give this user write access to the file and its folder, or mount the file system read-write',
  },
  10: {
    code: 'UR_STORE_IO',
    happened: 'the operating system failed to read or write it',
    todo: 'look for disk errors in the log of the kernel',
  },
  11: {
    code: 'UR_STORE_CORRUPT',
    happened: 'the file is damaged',
    todo: 'restore it from a backup, or rescue the rows with `sqlite3 FILE .recover`',
  },
  13: {
    code: 'UR_STORE_FULL',
    happened: 'the disk is full',
    todo: 'free some space; what was saved before is still there',
  },
  14: {
    code: 'UR_STORE_CANNOT_OPEN',
    happened: 'it could not be opened',
    todo: 'check that the folder exists and that this user may write in it',
  },
  26: {
    code: 'UR_STORE_NOT_A_DATABASE',
    happened: 'the file is not a database',
    todo: 'move it away, or point data_dir elsewhere',
  },
}

const BY_ERRNO: Readonly<Record<string, number>> = {
  EACCES: 14,
  EPERM: 8,
  EROFS: 8,
  ENOSPC: 13,
  EDQUOT: 13,
  EIO: 10,
  EISDIR: 14,
  ENOTDIR: 14,
  ENOENT: 14,
  EEXIST: 14,
}

const UNIQUE_VIOLATIONS = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'])

interface DriverError {
  readonly code?: string
  readonly rawCode?: number
  readonly message: string
}

/** SQLite's primary result code, or null when the failure did not come from SQLite or the file system. */
export function resultCode(error: unknown): number | null {
  if (!(error instanceof Error)) return null
  const { code, rawCode, message } = error as DriverError
  if (typeof rawCode === 'number') return rawCode & 0xff
  // libsql gives failures to open as plain errors whose text ends with the result code
  const opening = /^ConnectionFailed\(.*: (\d+)"\)$/.exec(message)
  if (opening) return Number(opening[1]) & 0xff
  return (code !== undefined && BY_ERRNO[code]) || null
}

/** Whether the failure was another connection's lock, so that trying again may help. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error)
  return code === 5 || code === 6
}

/** Turns a failure of the driver or the file system into what callers see: a `StoreError`, or a `UniqueViolation`. */
export function explain(error: unknown, file: string): Error {
  if (error instanceof StoreError || error instanceof UniqueViolation || error instanceof ForeignKeyViolation)
    return error
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof Error && UNIQUE_VIOLATIONS.has((error as DriverError).code ?? '')) {
    return new UniqueViolation(message, { cause: error })
  }
  if (error instanceof Error && (error as DriverError).code === 'SQLITE_CONSTRAINT_FOREIGNKEY') {
    return new ForeignKeyViolation(message, { cause: error })
  }
  if (message === 'The database connection is not open') return closed(file)
  const known = BY_RESULT_CODE[resultCode(error) ?? 0]
  if (!known) {
    return new StoreError('UR_STORE_FAILED', `The database ${file} refused a statement: ${message}.`, { cause: error })
  }
  return new StoreError(
    known.code,
    `The database ${file} could not be used: ${known.happened} (${message}). What to do: ${known.todo}.`,
    { cause: error },
  )
}

/** The error of a use after `close()`. */
export function closed(file: string): StoreError {
  return new StoreError('UR_STORE_CLOSED', `The database ${file} was used after it was closed.`)
}

/** The error of a use after another process deleted or replaced the file. */
export function gone(file: string): StoreError {
  return new StoreError(
    'UR_STORE_GONE',
    `The database ${file} was deleted or replaced while it is open, so what is read is not what others write. ` +
      'What to do: put the old file back, or restart the server with the one that is there now.',
  )
}

/** The error for a database that another program made. */
export function foreign(name: string): StoreError {
  return new StoreError(
    'UR_STORE_NOT_A_DATABASE',
    `${name} is a database of another program, so UniRoute leaves it alone. What to do: give UniRoute one of its own ` +
      '(data_dir, or the address in store).',
  )
}
