import { patchRights, rightsFrom } from '../access/index.js'
import type { KeyVault } from '../certs/index.js'
import { RefusedError } from '../core/errors.js'
import { findReservation, removeReservation, reserveAny, type ReserveSettings, standingOf } from '../names/index.js'
import type {
  AuditEntry as NewEntry,
  AuditRecord,
  Repositories,
  ReservationRecord,
  Store,
  TokenRecord,
} from '../store/index.js'
import { pageOf, partsOf, positionOf, type PageRequest } from './cursors.js'
import type {
  NewAdminToken,
  NewAgentCertificate,
  NewReservation,
  NewToken,
  OfAccount,
  Operations,
  TokenChange,
  UsageRequest,
} from './operations.js'
import * as resources from './resources.js'
import type {
  Account,
  AdminToken,
  AgentCertificate,
  AuditEntry,
  CreatedAdminToken,
  CreatedAgentCertificate,
  CreatedToken,
  Page,
  Reservation,
  Token,
  TunnelHistory,
  Usage,
} from './schemas.js'

/** Who orders: for the audit log. */
export interface Actor {
  /** The id of a token of the admin API, or `cli`. */
  readonly id: string
  readonly address?: string
}

interface Change<T> {
  readonly result: T
  /** Null: nothing was changed. */
  readonly entry: Omit<NewEntry, 'actor' | 'address'> | null
}

const createdOf = ({ createdAt, id }: { createdAt: Date; id: string }): string[] => [createdAt.toISOString(), id]

/** The operations on a database. A change and its entry in the audit log are written together, or neither. */
export class StoreOperations implements Operations {
  readonly #store: Store
  readonly #actor: Actor
  readonly #names: ReserveSettings
  readonly #vault: () => Promise<KeyVault>
  readonly #onAudit: (record: AuditRecord) => void

  /** `vault`: opened when a certificate is to be signed. `onAudit` is told of each change. */
  constructor(
    store: Store,
    actor: Actor,
    names: ReserveSettings,
    vault: () => Promise<KeyVault>,
    onAudit: (record: AuditRecord) => void = () => undefined,
  ) {
    this.#store = store
    this.#actor = actor
    this.#names = names
    this.#vault = vault
    this.#onAudit = onAudit
  }

  async accounts({ limit, cursor }: PageRequest): Promise<Page<Account>> {
    const read = await this.#store.accounts.page({ limit: limit + 1, ...positionOf(cursor) })
    return pageOf(read, limit, createdOf, resources.accountOf)
  }

  async account(idOrName: string): Promise<Account> {
    return resources.accountOf(await this.#store.accounts.get(idOrName))
  }

  createAccount(name: string): Promise<Account> {
    return this.#change(async ({ accounts }) => {
      const account = await accounts.create(name)
      const entry = { action: 'account.create', object: account.id, details: { name } }
      return { result: resources.accountOf(account), entry }
    })
  }

  disableAccount(idOrName: string): Promise<Account> {
    return this.#change(async ({ accounts }) => {
      const before = await accounts.get(idOrName)
      const account = await accounts.disable(before.id)
      const entry = { action: 'account.disable', object: account.id, details: { name: account.name } }
      return { result: resources.accountOf(account), entry: before.disabledAt === null ? entry : null }
    })
  }

  enableAccount(idOrName: string): Promise<Account> {
    return this.#change(async ({ accounts }) => {
      const before = await accounts.get(idOrName)
      const account = await accounts.enable(before.id)
      const entry = { action: 'account.enable', object: account.id, details: { name: account.name } }
      return { result: resources.accountOf(account), entry: before.disabledAt === null ? null : entry }
    })
  }

  async tokens({ limit, cursor }: PageRequest): Promise<Page<Token>> {
    const read = await this.#store.tokens.page({ limit: limit + 1, ...positionOf(cursor) })
    return pageOf(read, limit, createdOf, resources.tokenOf)
  }

  async token(idOrName: string): Promise<Token> {
    return resources.tokenOf(await this.#store.tokens.get(idOrName))
  }

  createToken({ name, account, expires_at: expires, rights: asked = null }: NewToken): Promise<CreatedToken> {
    return this.#change(async ({ accounts, tokens }) => {
      const rights = rightsFrom(asked)
      const accountId = account === undefined ? undefined : (await accounts.get(account)).id
      const { id, token } = await tokens.create(name, {
        ...(accountId === undefined ? {} : { accountId }),
        ...(expires === undefined ? {} : { expiresAt: new Date(expires) }),
        ...(rights === null ? {} : { rights }),
      })
      const made = resources.tokenOf(await tokens.get(id))
      const details = { name, account: made.account_id, expires_at: made.expires_at, rights }
      return { result: { ...made, token }, entry: { action: 'token.create', object: id, details } }
    })
  }

  updateToken(idOrName: string, { rights }: TokenChange): Promise<Token> {
    return this.#change(async ({ tokens }) => {
      const token = await tokens.update(idOrName, (before) => patchRights(before, rights))
      const details = { name: token.name, rights: token.rights }
      return { result: resources.tokenOf(token), entry: { action: 'token.update', object: token.id, details } }
    })
  }

  revokeToken(idOrName: string): Promise<Token> {
    return this.#change(async ({ tokens }) => {
      const before = await tokens.get(idOrName)
      const token = await tokens.revoke(before.id)
      const entry = { action: 'token.revoke', object: token.id, details: { name: token.name } }
      return { result: resources.tokenOf(token), entry: before.revokedAt === null ? entry : null }
    })
  }

  async agentCertificates({ limit, cursor }: PageRequest): Promise<Page<AgentCertificate>> {
    const read = await this.#store.agentCertificates.page({ limit: limit + 1, ...positionOf(cursor) })
    return pageOf(read, limit, createdOf, resources.agentCertificateOf)
  }

  async createAgentCertificate(asked: NewAgentCertificate): Promise<CreatedAgentCertificate> {
    const holder = asked.name ?? (await this.#store.tokens.get(asked.token ?? '')).name
    // Before, and not within, as the authority may have to be made; one that nobody gets is of no use.
    const { AgentAuthority } = await import('../certs/index.js')
    const signer = new AgentAuthority(this.#store.agentCertificates, this.#vault)
    const issued = await signer.issue(holder, asked.public_key, new Date(asked.expires_at))
    return this.#change(async (store) => {
      const token = await tokenFor(store, asked)
      const record = await store.agentCertificates.add({ tokenId: token.id, ...issued })
      const { certificate, authority } = issued
      const made = resources.agentCertificateOf(record)
      const details = { name: token.name, token: token.id, serial: made.serial, expires_at: made.expires_at }
      const rights = asked.name === undefined ? {} : { account: token.accountId, rights: token.rights }
      const entry = { action: 'agent-certificate.create', object: record.id, details: { ...details, ...rights } }
      return { result: { ...made, certificate, authority }, entry }
    })
  }

  revokeAgentCertificate(id: string): Promise<AgentCertificate> {
    return this.#change(async ({ agentCertificates }) => {
      const before = await agentCertificates.get(id)
      const record = await agentCertificates.revoke(id)
      const details = { name: record.tokenName, token: record.tokenId, serial: record.serial }
      const entry = { action: 'agent-certificate.revoke', object: id, details }
      return { result: resources.agentCertificateOf(record), entry: before.revokedAt === null ? entry : null }
    })
  }

  async adminTokens({ limit, cursor }: PageRequest): Promise<Page<AdminToken>> {
    const read = await this.#store.adminTokens.page({ limit: limit + 1, ...positionOf(cursor) })
    return pageOf(read, limit, createdOf, resources.adminTokenOf)
  }

  createAdminToken({ name, scope, expires_at: expires }: NewAdminToken): Promise<CreatedAdminToken> {
    return this.#change(async ({ adminTokens }) => {
      const grant = { scope, ...(expires === undefined ? {} : { expiresAt: new Date(expires) }) }
      const { record, token } = await adminTokens.create(name, grant)
      const made = resources.adminTokenOf(record)
      const details = { name, scope, expires_at: made.expires_at }
      return { result: { ...made, token }, entry: { action: 'admin-token.create', object: record.id, details } }
    })
  }

  revokeAdminToken(idOrName: string): Promise<AdminToken> {
    return this.#change(async ({ adminTokens }) => {
      const before = await adminTokens.get(idOrName)
      const token = await adminTokens.revoke(before.id)
      const entry = { action: 'admin-token.revoke', object: token.id, details: { name: token.name } }
      return { result: resources.adminTokenOf(token), entry: before.revokedAt === null ? entry : null }
    })
  }

  async reservations({ limit, cursor, account }: OfAccount): Promise<Page<Reservation>> {
    const accountId = await this.#accountId(account)
    const read = await this.#store.reservations.page({ limit: limit + 1, ...positionOf(cursor), ...accountId })
    return pageOf(read, limit, createdOf, (record) => this.#reservation(record))
  }

  async reservation(idOrName: string): Promise<Reservation> {
    return this.#reservation(await findReservation({ ...this.#names, store: this.#store }, idOrName))
  }

  reserve({ account = 'acc_default', kind, value }: NewReservation): Promise<Reservation> {
    return this.#change(async (store) => {
      const { accounts, reservations } = store
      const { id: accountId } = await accounts.get(account)
      const holder = await reservations.lookup(kind, value)
      if (holder?.accountId === accountId) {
        throw new RefusedError(
          'UR_RESERVED',
          `The account has reserved the ${kind} ${value} already, as ${holder.id}. What to do: nothing, or choose another one.`,
        )
      }
      const made = await reserveAny({ ...this.#names, store }, kind, value, accountId)
      const details = { account: accountId, kind, value: made.value }
      const entry = { action: 'reservation.create', object: made.id, details }
      return { result: this.#reservation(made), entry }
    })
  }

  release(idOrName: string): Promise<void> {
    return this.#change(async (store) => {
      const { id, accountId, kind, value } = await removeReservation({ ...this.#names, store }, idOrName)
      const entry = { action: 'reservation.release', object: id, details: { account: accountId, kind, value } }
      return { result: undefined, entry }
    })
  }

  async tunnelHistory({ limit, cursor, account }: OfAccount): Promise<Page<TunnelHistory>> {
    const accountId = await this.#accountId(account)
    const read = await this.#store.tunnels.list({ limit: limit + 1, ...positionOf(cursor), ...accountId })
    return pageOf(read, limit, ({ boundAt, id }) => [boundAt.toISOString(), id], resources.tunnelHistoryOf)
  }

  async usage({ limit, cursor, account, from, to }: UsageRequest): Promise<Page<Usage>> {
    const [day = '', id = ''] = partsOf(cursor, 2) ?? []
    const read = await this.#store.usage.list({
      from,
      to,
      limit: limit + 1,
      ...(await this.#accountId(account)),
      ...(cursor === undefined ? {} : { after: { day, accountId: id } }),
    })
    return pageOf(read, limit, (last) => [last.day, last.accountId], resources.usageOf)
  }

  async audit({ limit, cursor }: PageRequest): Promise<Page<AuditEntry>> {
    const [before] = partsOf(cursor, 1) ?? []
    const read = await this.#store.audit.list({ limit: limit + 1, ...(before === undefined ? {} : { before }) })
    return pageOf(read, limit, ({ id }) => [id], resources.auditEntryOf)
  }

  /** Leaves an entry in the audit log for what is done elsewhere than in the database. */
  note(action: string, object: string, details: Readonly<Record<string, unknown>>): Promise<void> {
    return this.#change(() => Promise.resolve({ result: undefined, entry: { action, object, details } }))
  }

  #reservation(record: ReservationRecord): Reservation {
    return resources.reservationOf(record, standingOf(this.#names, record))
  }

  async #accountId(idOrName: string | undefined): Promise<{ accountId?: string }> {
    return idOrName === undefined ? {} : { accountId: (await this.#store.accounts.get(idOrName)).id }
  }

  async #change<T>(work: (repositories: Repositories) => Promise<Change<T>>): Promise<T> {
    const { id, address } = this.#actor
    const { result, record } = await this.#store.together(async (repositories) => {
      const { result, entry } = await work(repositories)
      if (entry === null) return { result, record: null }
      const whole = { actor: id, ...(address === undefined ? {} : { address }), ...entry }
      return { result, record: await repositories.audit.append(whole) }
    })
    if (record !== null) this.#onAudit(record)
    return result
  }
}

/** The token of a new certificate: a new one without a secret, or the one that is named. */
async function tokenFor({ accounts, tokens }: Repositories, asked: NewAgentCertificate): Promise<TokenRecord> {
  const { name, token, account, rights: given = null } = asked
  if (name === undefined) {
    const found = await tokens.get(token ?? '')
    if (found.revokedAt === null) return found
    throw new RefusedError(
      'UR_TOKEN_REVOKED',
      `The token "${found.name}" is revoked, for ever. What to do: make another with \`uniroutd agent-cert create\`.`,
    )
  }
  const rights = rightsFrom(given)
  const accountId = account === undefined ? undefined : (await accounts.get(account)).id
  const id = await tokens.createWithoutSecret(name, {
    ...(accountId === undefined ? {} : { accountId }),
    ...(rights === null ? {} : { rights }),
  })
  return tokens.get(id)
}
