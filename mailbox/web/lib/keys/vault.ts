/**
 * The vault: an account's secrets, sealed so that the service can keep them (keys.md §7).
 *
 * It is sealed under a random vault key, and that is wrapped once for each unlocker. What
 * is inside: `vault_contents.ts`.
 */
import { type Bytes, concatBytes } from '../bytes.ts'
import { AuthenticationError } from '../crypto/errors.ts'
import { randomBytes } from '../crypto/random.ts'
import { sha256Sync } from '../crypto/sha256.ts'
import {
  openXChaCha20Poly1305,
  sealXChaCha20Poly1305,
  XCHACHA_KEY_BYTES,
  XCHACHA_NONCE_BYTES,
} from '../crypto/xchacha20poly1305.ts'
import { decodePadded, encodePadded } from './canonical.ts'
import type { AccountNumber } from './codes.ts'
import {
  FormatError,
  MisuseError,
  VaultContentsError,
  VaultKeyError,
  VaultMismatchError,
} from './errors.ts'
import { frame } from './framing.ts'
import type { UnlockerKind } from './login.ts'
import { Secret } from './secret.ts'
import type { WrapKey } from './unlockers.ts'
import { encodeHex } from './values.ts'
import { readVault, type Vault } from './vault_contents.ts'

/** A sealed vault's length tells that of its contents to the kibibyte only. */
const PADDING_BYTES = 1_024
const GENERATION_BYTES = 8
const TAG_BYTES = 16

/** Where a vault belongs: what the service says about it, and what the client remembers. */
export interface VaultPlace {
  readonly account: AccountNumber
  readonly generation: number
  /** The newest generation that this client has seen, 0 if it remembers none. */
  readonly seenGeneration: number
}

/** Whom a vault key is wrapped for. */
export interface WrapPlace {
  readonly account: AccountNumber
  readonly kind: UnlockerKind
  readonly unlockerId: string
}

/** The random key of one or more generations of a vault. Prints as `…`. */
export class VaultKey extends Secret {
  readonly #key: Bytes

  /** Hold a key that was unwrapped; a new vault takes `generate`. */
  constructor(key: Uint8Array) {
    super()
    if (key.length !== XCHACHA_KEY_BYTES) {
      throw new MisuseError(`a vault key is ${XCHACHA_KEY_BYTES} bytes long`)
    }
    this.#key = Uint8Array.from(key)
  }

  /** Return a new vault key from the browser's random source. */
  static generate(): VaultKey {
    return new VaultKey(randomBytes(XCHACHA_KEY_BYTES))
  }

  /** Return the key, for this file and for nothing else. */
  secretBytes(): Bytes {
    return this.#key.slice()
  }
}

/**
 * Return the sealed vault, whose hash is the next one's `previous`.
 *
 * Raises CanonicalError if it holds a text that canonical JSON refuses, and MisuseError if
 * a reader would refuse it for anything else.
 */
export function sealVault(vault: Vault, vaultKey: VaultKey): Bytes {
  const contents = vault.toSecretJson()
  const plaintext = encodePadded(contents, { multiple: PADDING_BYTES })
  try {
    readVault(contents)
  } catch (failure) {
    if (!(failure instanceof FormatError)) throw failure
    throw new MisuseError(`not a vault: ${failure.message}`)
  }
  const additionalData = vaultAdditionalData(vault.account, vault.generation)
  return seal(plaintext, { key: vaultKey.secretBytes(), additionalData })
}

/**
 * Return the vault that the service gave as this account's, in this generation.
 *
 * An older vault than seen would bring removed unlockers back. Raises VaultKeyError if it
 * was sealed under another key or for another account or generation, or was altered;
 * VaultMismatchError if it is older than seen, or differs inside from outside;
 * VaultContentsError if it is no vault of a version that is understood.
 */
export function openVault(sealed: Uint8Array, vaultKey: VaultKey, place: VaultPlace): Vault {
  if (place.generation < place.seenGeneration) {
    throw new VaultMismatchError('an older generation than this client has seen')
  }
  const additionalData = vaultAdditionalData(place.account, place.generation)
  const plaintext = open(sealed, { key: vaultKey.secretBytes(), additionalData })
  let vault: Vault
  try {
    vault = readVault(decodePadded(plaintext, { multiple: PADDING_BYTES }))
  } catch (failure) {
    if (!(failure instanceof FormatError)) throw failure
    throw new VaultContentsError(failure.message)
  }
  if (vault.account !== place.account || vault.generation !== place.generation) {
    throw new VaultMismatchError('another account or generation inside than outside')
  }
  return vault
}

/** Return what the next generation names as `previous`. */
export function sealedVaultHash(sealed: Uint8Array): string {
  return encodeHex(sha256Sync(sealed))
}

/** Return the vault key wrapped for one unlocker, 72 bytes. */
export function wrapVaultKey(vaultKey: VaultKey, wrapKey: WrapKey, place: WrapPlace): Bytes {
  const additionalData = wrapAdditionalData(place)
  return seal(vaultKey.secretBytes(), { key: wrapKey.secretBytes(), additionalData })
}

/** Return the vault key that was wrapped for this unlocker, or raise VaultKeyError. */
export function unwrapVaultKey(wrapped: Uint8Array, wrapKey: WrapKey, place: WrapPlace): VaultKey {
  const additionalData = wrapAdditionalData(place)
  const key = open(wrapped, { key: wrapKey.secretBytes(), additionalData })
  if (key.length !== XCHACHA_KEY_BYTES) {
    throw new VaultKeyError('a wrapped vault key of another length')
  }
  return new VaultKey(key)
}

interface Sealing {
  readonly key: Bytes
  readonly additionalData: Bytes
}

function vaultAdditionalData(account: AccountNumber, generation: number): Bytes {
  if (!Number.isSafeInteger(generation) || generation < 1) {
    throw new VaultMismatchError('no generation of a vault')
  }
  const number = new Uint8Array(GENERATION_BYTES)
  new DataView(number.buffer).setBigUint64(0, BigInt(generation))
  return frame('souspli/v1/vault', account, number)
}

function wrapAdditionalData({ account, kind, unlockerId }: WrapPlace): Bytes {
  return frame('souspli/v1/vault-wrap', account, kind, unlockerId)
}

function seal(plaintext: Uint8Array, sealing: Sealing): Bytes {
  // 24 random bytes do not repeat in practice: that is what XChaCha20 is for.
  const nonce = randomBytes(XCHACHA_NONCE_BYTES)
  return concatBytes(nonce, sealXChaCha20Poly1305(plaintext, { ...sealing, nonce }))
}

function open(sealed: Uint8Array, sealing: Sealing): Bytes {
  if (sealed.length < XCHACHA_NONCE_BYTES + TAG_BYTES) {
    throw new VaultKeyError('too short to be sealed')
  }
  const nonce = sealed.slice(0, XCHACHA_NONCE_BYTES)
  try {
    return openXChaCha20Poly1305(sealed.subarray(XCHACHA_NONCE_BYTES), { ...sealing, nonce })
  } catch (failure) {
    if (!(failure instanceof AuthenticationError)) throw failure
    throw new VaultKeyError("another key's, for another place, or altered")
  }
}
