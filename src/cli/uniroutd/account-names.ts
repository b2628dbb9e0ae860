import { allOf } from '../../admin/cursors.js'
import type { Worker } from './operations.js'

/** The names of accounts by their ids. */
export async function accountNames({ operations }: Worker): Promise<(id: string) => string> {
  const accounts = await allOf((page) => operations.accounts(page))
  const names = new Map(accounts.map(({ id, name }) => [id, name]))
  return (id) => names.get(id) ?? id
}
