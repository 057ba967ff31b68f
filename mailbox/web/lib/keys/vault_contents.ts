/** What a vault holds, and its JSON (keys.md §7). All of it is secret. */
import type { Bytes } from '../bytes.ts'
import { ED25519_PUBLIC_KEY_BYTES } from '../crypto/ed25519.ts'
import { type AccountNumber, parseAccountNumber } from './codes.ts'
import { SchemaError } from './errors.ts'
import { type Fields, readObject } from './fields.ts'
import { Identity, ROOT_BYTES } from './identity.ts'
import { UNLOCKER_KINDS, type UnlockerKind } from './login.ts'
import { type Fingerprint, readFingerprint } from './public.ts'
import { Secret } from './secret.ts'
import { SECRET_BYTES, WrapKey } from './unlockers.ts'
import { encodeBase64 } from './values.ts'

export const MAX_UNLOCKERS = 8

const VERSION = 1
const MAX_NAME_CHARACTERS = 200

/** A claim identity, kept until every cover sealed to it has been sealed again. */
export interface ClaimIdentity {
  readonly identity: Identity
  readonly invitationId: string
  /** Moment: the invitation's end and 7 days (claim.md §4). */
  readonly keepUntil: number
}

/** An unlocker that this account made: a new vault key is wrapped for it too. */
export interface KnownUnlocker {
  readonly unlockerId: string
  readonly kind: UnlockerKind
  readonly loginPublicKey: Bytes
  readonly wrapKey: WrapKey
}

/** An organisation that the account trusts, by its root's fingerprint. */
export interface PinnedOrganisation {
  readonly fingerprint: Fingerprint
  readonly name: string
  readonly pinnedAt: number
}

interface VaultParts {
  readonly account: AccountNumber
  /** 1, 2, …: one more with each change. */
  readonly generation: number
  /** The account's own. */
  readonly identity: Identity
  readonly claims: readonly ClaimIdentity[]
  readonly unlockers: readonly KnownUnlocker[]
  readonly pinned: readonly PinnedOrganisation[]
  /** Hash of the sealed vault that this one replaces; null in generation 1. */
  readonly previous: string | null
  readonly savedAt: number
}

/** One generation of an account's secrets. Prints as `…`. */
export class Vault extends Secret implements VaultParts {
  readonly account: AccountNumber
  readonly generation: number
  readonly identity: Identity
  readonly claims: readonly ClaimIdentity[]
  readonly unlockers: readonly KnownUnlocker[]
  readonly pinned: readonly PinnedOrganisation[]
  readonly previous: string | null
  readonly savedAt: number

  constructor(parts: VaultParts) {
    super()
    this.account = parts.account
    this.generation = parts.generation
    this.identity = parts.identity
    this.claims = parts.claims
    this.unlockers = parts.unlockers
    this.pinned = parts.pinned
    this.previous = parts.previous
    this.savedAt = parts.savedAt
  }

  /** Return the object that `readVault` reads. It holds every secret in the clear. */
  toSecretJson(): Record<string, unknown> {
    return {
      account: this.account,
      checkpoint: null,
      generation: this.generation,
      identities: [accountToJson(this.identity), ...this.claims.map(claimToJson)],
      pinned: this.pinned.map(pinnedToJson),
      previous: this.previous,
      saved_at: this.savedAt,
      settings: {},
      unlockers: this.unlockers.map(unlockerToJson),
      version: VERSION,
    }
  }
}

/** Return the vault that a JSON object holds, or raise a FormatError. */
export function readVault(value: unknown): Vault {
  const vault = readObject(value, readFields)
  if ((vault.generation === 1) !== (vault.previous === null)) {
    throw new SchemaError('generation 1, and only it, replaces no vault')
  }
  const ids = new Set(vault.unlockers.map(({ unlockerId }) => unlockerId))
  if (ids.size !== vault.unlockers.length) throw new SchemaError('two unlockers with one id')
  return vault
}

function readFields(fields: Fields): Vault {
  fields.constant('version', VERSION)
  fields.constant('checkpoint', null)
  fields.parsed('settings', (value) => readObject(value, () => null))
  const [first, ...others] = fields.list('identities', { least: 1 })
  const unlockers = fields.list('unlockers', { least: 1, most: MAX_UNLOCKERS })
  return new Vault({
    account: fields.parsed('account', readAccountNumber),
    generation: fields.integer('generation', { least: 1 }),
    identity: readObject(first, readAccountIdentity),
    claims: others.map((other) => readObject(other, readClaim)),
    unlockers: unlockers.map((entry) => readObject(entry, readUnlocker)),
    pinned: fields.list('pinned').map((entry) => readObject(entry, readPinned)),
    previous: fields.orNull('previous', (name) => fields.hash(name)),
    savedAt: fields.integer('saved_at'),
  })
}

function readAccountNumber(value: unknown): AccountNumber {
  if (typeof value !== 'string' || parseAccountNumber(value) !== value) {
    throw new SchemaError('no account number')
  }
  return value as AccountNumber
}

function accountToJson(identity: Identity): Record<string, unknown> {
  return {
    invitation_id: null,
    keep_until: null,
    kind: 'account',
    root: encodeBase64(identity.secretRoot()),
  }
}

function readAccountIdentity(fields: Fields): Identity {
  fields.constant('kind', 'account')
  fields.constant('invitation_id', null)
  fields.constant('keep_until', null)
  return new Identity(fields.base64('root', { length: ROOT_BYTES }))
}

function claimToJson(claim: ClaimIdentity): Record<string, unknown> {
  return {
    invitation_id: claim.invitationId,
    keep_until: claim.keepUntil,
    kind: 'claim',
    root: encodeBase64(claim.identity.secretRoot()),
  }
}

function readClaim(fields: Fields): ClaimIdentity {
  fields.constant('kind', 'claim')
  return {
    identity: new Identity(fields.base64('root', { length: ROOT_BYTES })),
    invitationId: fields.id('invitation_id'),
    keepUntil: fields.integer('keep_until'),
  }
}

function unlockerToJson(unlocker: KnownUnlocker): Record<string, unknown> {
  return {
    id: unlocker.unlockerId,
    kind: unlocker.kind,
    login_public_key: encodeBase64(unlocker.loginPublicKey),
    wrap_key: encodeBase64(unlocker.wrapKey.secretBytes()),
  }
}

function readUnlocker(fields: Fields): KnownUnlocker {
  return {
    unlockerId: fields.id('id'),
    kind: fields.choice('kind', UNLOCKER_KINDS),
    loginPublicKey: fields.base64('login_public_key', { length: ED25519_PUBLIC_KEY_BYTES }),
    wrapKey: new WrapKey(fields.base64('wrap_key', { length: SECRET_BYTES })),
  }
}

function pinnedToJson(pin: PinnedOrganisation): Record<string, unknown> {
  return {
    fingerprint: pin.fingerprint,
    kind: 'organisation',
    name: pin.name,
    pinned_at: pin.pinnedAt,
  }
}

function readPinned(fields: Fields): PinnedOrganisation {
  fields.constant('kind', 'organisation')
  return {
    fingerprint: readFingerprint(fields, 'fingerprint'),
    name: fields.text('name', { most: MAX_NAME_CHARACTERS }),
    pinnedAt: fields.integer('pinned_at'),
  }
}
