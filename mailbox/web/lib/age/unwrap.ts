/** Secret keys, and the file key that they find in a header. */
import type { Bytes } from '../bytes.ts'
import { AuthenticationError } from '../crypto/errors.ts'
import { openHpke } from '../crypto/hpke.ts'
import { HYBRID_SEED_BYTES, HybridPrivateKey } from '../crypto/mlkem768x25519.ts'
import { randomBytes } from '../crypto/random.ts'
import { decodeBech32, encodeBech32 } from './bech32.ts'
import { HeaderError, KeyStringError, NoMatchError } from './errors.ts'
import { FileKey } from './filekey.ts'
import type { Header, Stanza } from './header.ts'
import { HPKE_INFO, MLKEM768X25519, parseHybridStanza } from './hybrid.ts'
import { HybridRecipient } from './recipient.ts'

export const IDENTITY_PREFIX = 'age-secret-key-pq-'

/** age's name for a stanza that a passphrase opens; `scrypt.ts` reads it. */
export const SCRYPT = 'scrypt'

/** A secret that may open stanzas of one recipient type. */
export interface Identity {
  /**
   * Return the file key, or null if the stanza is for somebody else.
   *
   * For the implementer: null for another recipient type and for a stanza that
   * doesn't decrypt; HeaderError for one of your type whose shape is wrong.
   */
  unwrap(stanza: Stanza): FileKey | null
}

/** An MLKEM768-X25519 secret key: `AGE-SECRET-KEY-PQ-1…`. Prints as `…`. */
export class HybridIdentity implements Identity {
  readonly recipient: HybridRecipient
  readonly #seed: Bytes
  readonly #privateKey: HybridPrivateKey

  /** Raises KeyStringError for another length than 32 bytes. */
  constructor(seed: Uint8Array) {
    if (seed.length !== HYBRID_SEED_BYTES) {
      throw new KeyStringError(`an identity is ${HYBRID_SEED_BYTES} bytes long`)
    }
    this.#seed = Uint8Array.from(seed)
    this.#privateKey = new HybridPrivateKey(this.#seed)
    this.recipient = new HybridRecipient(this.#privateKey.publicKey)
  }

  /** Return a new identity from the browser's random source. */
  static generate(): HybridIdentity {
    return new HybridIdentity(randomBytes(HYBRID_SEED_BYTES))
  }

  /** Return the identity that `AGE-SECRET-KEY-PQ-1…` spells, or raise KeyStringError. */
  static parse(text: string): HybridIdentity {
    return new HybridIdentity(decodeBech32(text, { prefix: IDENTITY_PREFIX }))
  }

  /** Spell the secret as age does: `AGE-SECRET-KEY-PQ-1…`. Never log it. */
  toSecretString(): string {
    return encodeBech32(IDENTITY_PREFIX, this.#seed).toUpperCase()
  }

  /** Return the 32-byte seed, to be sealed and stored. */
  secretSeed(): Bytes {
    return this.#seed.slice()
  }

  /**
   * Return the file key, or null if the stanza is for somebody else.
   *
   * Raises HeaderError for a stanza of type mlkem768x25519 of the wrong shape.
   */
  unwrap(stanza: Stanza): FileKey | null {
    if (stanza.recipientType !== MLKEM768X25519) return null
    const { enc, wrappedFileKey } = parseHybridStanza(stanza)
    try {
      const sealed = { enc, ciphertext: wrappedFileKey }
      return new FileKey(openHpke({ privateKey: this.#privateKey, info: HPKE_INFO, sealed }))
    } catch (failure) {
      if (failure instanceof AuthenticationError) return null
      throw failure
    }
  }

  toString(): string {
    return 'HybridIdentity(…)'
  }

  /** A secret never becomes JSON by accident. */
  toJSON(): string {
    return this.toString()
  }
}

/**
 * Return the file key that one of `identities` finds, the header's MAC checked.
 *
 * Raises HeaderError if a stanza of an identity's own type is malformed or a passphrase's
 * is not the only one, NoMatchError if none is for these identities, HmacError if the
 * header was changed.
 */
export function unwrapFileKey(header: Header, identities: Iterable<Identity>): FileKey {
  checkPassphraseAlone(header)
  for (const identity of identities) {
    for (const stanza of header.stanzas) {
      const fileKey = identity.unwrap(stanza)
      if (fileKey !== null) {
        fileKey.checkHeader(header)
        return fileKey
      }
    }
  }
  throw new NoMatchError('the file is not for this key')
}

// Who shares a passphrase takes what it opens to be from the other one who knows it.
// Beside another stanza that would be anybody.
function checkPassphraseAlone({ stanzas }: Header): void {
  if (stanzas.length > 1 && stanzas.some(({ recipientType }) => recipientType === SCRYPT)) {
    throw new HeaderError('a scrypt stanza is the only one of its header')
  }
}
