/**
 * What is said over HTTP: requests as they are written, answers as they are read.
 *
 * mailbox.md §3 and §4. Shapes only, no trust: what a value means is for whoever uses it.
 */
import { ED25519_PUBLIC_KEY_BYTES } from '../crypto/ed25519.ts'
import {
  type AccountKind,
  type BoundAccount,
  type ClaimNonce,
  type ClosedAccount,
  DELIVERY_STATES,
  type DeliveredCover,
  type DeliveredWithdrawal,
  type DeliveriesPage,
  type InvitationRecord,
  type LetterLookup,
  type MailedCode,
  type NewAccount,
  type PatientsOrganisation,
  type ReceivedDelivery,
  type SignedIn,
  type SignInChallenge,
  type StoredVault,
} from '../exchange/ports.ts'
import type { Terms, TermsOffer } from '../exchange/terms.ts'
import { type AccountNumber, parseAccountNumber } from '../keys/codes.ts'
import { type Envelope, parseEnvelope } from '../keys/dsse.ts'
import { SchemaError } from '../keys/errors.ts'
import { type Fields, readObject } from '../keys/fields.ts'
import { NONCE_BYTES, UNLOCKER_KINDS } from '../keys/login.ts'
import type { BindingEnvelopes } from '../keys/statements/binding.ts'
import { MAX_VERSION_CHARACTERS } from '../keys/statements/consent.ts'
import { encodeBase64 } from '../keys/values.ts'

/** A browser gets its session as a cookie that scripts can't read, never in an answer. */
export const CLIENT = 'browser'

const WRAPPED_VAULT_KEY_BYTES = 72 // keys.md §7: nonce, key, tag
const MOST_ADDRESS_CHARACTERS = 254
const MOST_CURSOR_CHARACTERS = 1_024
// Signed, with the token of a temporary key in it.
const MOST_URL_CHARACTERS = 8_192
const MOST_TERMS_CHARACTERS = 65_536
const ACCOUNT_KINDS: readonly AccountKind[] = ['patient', 'member']

export function readNothing(): void {}

export function readLetterLookup(fields: Fields): LetterLookup {
  return { invitationId: fields.id('invitation_id'), organisation: fields.hash('organisation') }
}

export function readInvitationRecord(fields: Fields): InvitationRecord {
  fields.constant('log_proof', null)
  return {
    record: fields.parsed('record', parseEnvelope),
    statements: readCertification(fields),
  }
}

export function readClaimNonce(fields: Fields): ClaimNonce {
  return {
    nonce: fields.base64('nonce', { length: NONCE_BYTES }),
    expiresAt: fields.integer('expires_at'),
  }
}

export function readProved(fields: Fields): string {
  fields.constant('token', null)
  return readMaskedAddress(fields)
}

export function readMailedCode(fields: Fields): MailedCode {
  return {
    maskedAddress: readMaskedAddress(fields),
    expiresAt: fields.integer('expires_at'),
    mailsLeft: fields.integer('mails_left'),
  }
}

export function readBoundAccount(fields: Fields): BoundAccount {
  fields.constant('token', null)
  return {
    accountNumber: readAccountNumber(fields),
    expiresAt: fields.integer('expires_at'),
  }
}

export function readSignInChallenge(fields: Fields): SignInChallenge {
  return {
    accountNumber: readAccountNumber(fields),
    nonce: fields.base64('nonce', { length: NONCE_BYTES }),
    expiresAt: fields.integer('expires_at'),
  }
}

export function readSignedIn(fields: Fields): SignedIn {
  fields.constant('token', null)
  return {
    accountNumber: readAccountNumber(fields),
    kind: fields.choice('kind', ACCOUNT_KINDS),
    unlockerId: fields.id('unlocker_id'),
    expiresAt: fields.integer('expires_at'),
  }
}

export function readStoredVault(fields: Fields): StoredVault {
  return {
    accountNumber: readAccountNumber(fields),
    generation: fields.integer('generation', { least: 1 }),
    sealed: fields.base64('sealed'),
    unlocker: readObject(fields.take('unlocker'), (unlocker) => ({
      unlockerId: unlocker.id('unlocker_id'),
      kind: unlocker.choice('kind', UNLOCKER_KINDS),
      wrappedVaultKey: unlocker.base64('wrapped_vault_key', { length: WRAPPED_VAULT_KEY_BYTES }),
    })),
    savedAt: fields.integer('saved_at'),
  }
}

export function readDeliveriesPage(fields: Fields): DeliveriesPage {
  return {
    deliveries: fields.list('deliveries').map((entry) => readObject(entry, readDelivery)),
    next: fields.orNull('next', (name) => fields.text(name, { most: MOST_CURSOR_CHARACTERS })),
  }
}

export function readDeliveredCover(fields: Fields): DeliveredCover {
  return {
    cover: fields.base64('cover'),
    coverHash: fields.hash('cover_hash'),
    statements: readCertification(fields),
  }
}

export function readDeliveredWithdrawal(fields: Fields): DeliveredWithdrawal {
  return {
    withdrawal: fields.parsed('withdrawal', parseEnvelope),
    statements: readCertification(fields),
  }
}

export function readCoverHash(fields: Fields): string {
  return fields.hash('cover_hash')
}

/** Where the contents are: `address` at the store, or null for the service's own path. */
export interface Collected {
  readonly sealedLength: number
  readonly address: string | null
}

export function readCollected(fields: Fields): Collected {
  const url = fields.text('url', { most: MOST_URL_CHARACTERS })
  const sealedLength = fields.integer('sealed_length')
  // The path of the service's own contents is ours, not the answer's.
  if (!fields.has('expires_at')) return { sealedLength, address: null }
  fields.integer('expires_at')
  return { sealedLength, address: url }
}

export function readChoices(fields: Fields): readonly PatientsOrganisation[] {
  return fields.list('organisations').map((entry) =>
    readObject(entry, (one) => ({
      organisation: one.parsed('organisation', parseEnvelope),
      consent: one.orNull('consent', (name) =>
        readObject(one.take(name), (noted) => ({
          consent: noted.parsed('consent', parseEnvelope),
          member: noted.parsed('member', parseEnvelope),
        })),
      ),
      choice: one.orNull('choice', (name) => one.parsed(name, parseEnvelope)),
    })),
  )
}

export function readTermsOffer(fields: Fields): TermsOffer {
  return {
    inForce: readObject(fields.take('in_force'), readTerms),
    announced: fields.orNull('announced', (name) => readObject(fields.take(name), readTerms)),
  }
}

export function readKeptAcceptance(fields: Fields): Envelope | null {
  return fields.orNull('acceptance', (name) => fields.parsed(name, parseEnvelope))
}

export function readClosedAccount(fields: Fields): ClosedAccount {
  return {
    closedAt: fields.integer('closed_at'),
    backupsUntil: fields.integer('backups_until'),
  }
}

function readTerms(fields: Fields): Terms {
  return {
    version: fields.text('version', { most: MAX_VERSION_CHARACTERS }),
    inForceFrom: fields.integer('in_force_from'),
    texts: { fr: readTermsText(fields.take('fr')), en: readTermsText(fields.take('en')) },
  }
}

function readTermsText(value: unknown): string {
  return readObject(value, (fields) => {
    // For programs that don't compute it; ours hashes what it shows.
    fields.hash('sha256')
    return fields.text('text', { most: MOST_TERMS_CHARACTERS })
  })
}

export function readReceived(fields: Fields): void {
  fields.constant('state', 'opened')
}

export function bindingToJson(binding: BindingEnvelopes): Record<string, unknown> {
  return { by_claim: binding.byClaim.toJSON(), by_identity: binding.byIdentity.toJSON() }
}

export function accountToJson(account: NewAccount): Record<string, unknown> {
  return {
    account_number: account.accountNumber,
    vault: { generation: 1, sealed: encodeBase64(account.sealedVault) },
    unlockers: account.unlockers.map((unlocker) => ({
      unlocker_id: unlocker.unlockerId,
      kind: unlocker.kind,
      login_public_key: encodeBase64(
        checkedLength(unlocker.loginPublicKey, ED25519_PUBLIC_KEY_BYTES),
      ),
      wrapped_vault_key: encodeBase64(
        checkedLength(unlocker.wrappedVaultKey, WRAPPED_VAULT_KEY_BYTES),
      ),
    })),
  }
}

function readDelivery(fields: Fields): ReceivedDelivery {
  return {
    deliveryId: fields.id('delivery_id'),
    documentId: fields.id('document_id'),
    state: fields.choice('state', DELIVERY_STATES),
    sealedLength: fields.integer('sealed_length', { least: 1 }),
    storedAt: fields.integer('stored_at'),
    fetchedAt: fields.orNull('fetched_at', (name) => fields.integer(name)),
    openedAt: fields.orNull('opened_at', (name) => fields.integer(name)),
    coverHash: fields.hash('cover_hash'),
  }
}

function readCertification(fields: Fields) {
  return {
    organisation: fields.parsed('organisation', parseEnvelope),
    member: fields.parsed('member', parseEnvelope),
  }
}

function readAccountNumber(fields: Fields): AccountNumber {
  const text = fields.text('account_number', { most: 10 })
  if (parseAccountNumber(text) !== text) throw new SchemaError('no account number')
  return text as AccountNumber
}

function readMaskedAddress(fields: Fields): string {
  return fields.text('masked_address', { most: MOST_ADDRESS_CHARACTERS })
}

/** The service refuses other lengths too; here the mistake still has a place. */
function checkedLength(value: Uint8Array, length: number): Uint8Array {
  if (value.length !== length) throw new SchemaError(`${value.length} bytes, not ${length}`)
  return value
}
