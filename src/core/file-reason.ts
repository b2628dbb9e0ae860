/**
 * Why a file could not be used, for a message that names it already: what the system says, without the call and the path
 * that Node puts behind it.
 */
export function fileReason(error: unknown): string {
  const { message, syscall, path } = error as NodeJS.ErrnoException
  const tail = path === undefined ? '' : `, ${syscall} '${path}'`
  return tail !== '' && message.endsWith(tail) ? message.slice(0, -tail.length) : message
}
