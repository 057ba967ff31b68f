/**
 * The claim code on a letter, and the keys that come from it (keys.md §4 and §5).
 *
 * The code exists on the paper and, for moments, in two clients; never in a request, a
 * log or a file.
 */
import { type Bytes, utf8 } from '../bytes.ts'
import { hmacSha256 } from '../crypto/hkdf.ts'
import type { Origin } from './address.ts'
import { type Argon2id, saltOf } from './argon2.ts'
import { CLAIM_CODE_SYMBOLS, drawSymbols, readSymbols } from './codes.ts'
import { derive, frame } from './framing.ts'
import { Identity } from './identity.ts'
import { compactBirthDate, normaliseSurname } from './person.ts'
import type { Fingerprint } from './public.ts'
import { Secret } from './secret.ts'
import { LoginKey } from './unlockers.ts'
import { decodeHex, HASH_BYTES, ID_BYTES } from './values.ts'

const GROUP = /.{5}(?=.)/g

/** The 20 symbols on a letter: 95 random bits and a check symbol. Prints as `…`. */
export class ClaimCode extends Secret {
  readonly #symbols: string

  private constructor(symbols: string) {
    super()
    this.#symbols = symbols
  }

  /** Return a new claim code. */
  static draw(): ClaimCode {
    return new ClaimCode(drawSymbols(CLAIM_CODE_SYMBOLS))
  }

  /** Return the code that somebody typed or a QR code gave; CodeError if it is none. */
  static parse(text: string): ClaimCode {
    return new ClaimCode(readSymbols(text, { symbols: CLAIM_CODE_SYMBOLS }))
  }

  /** Return the 20 symbols, for `ClaimKeys` and a letter's QR code and for nothing else. */
  secretSymbols(): string {
    return this.#symbols
  }

  /** Return `XXXXX-XXXXX-XXXXX-XXXXX`, for the letter and for nothing else. */
  secretWritten(): string {
    return this.#symbols.replaceAll(GROUP, '$&-')
  }
}

/**
 * What a claim code gives for one invitation of one organisation. Prints as `…`.
 *
 * The organisation's fingerprint is in the salt: for another organisation the same code
 * gives other keys, so the paper says who sent it.
 */
export class ClaimKeys extends Secret {
  /** Covers are sealed to it until the claim. */
  readonly identity: Identity
  /** The first gate. */
  readonly loginKey: LoginKey
  readonly #personCheckKey: Bytes

  private constructor(key: Bytes) {
    super()
    this.identity = new Identity(derive(key, 'souspli/v1/claim/identity'))
    this.loginKey = new LoginKey(derive(key, 'souspli/v1/claim/login'))
    this.#personCheckKey = derive(key, 'souspli/v1/claim/person-check')
  }

  /** Derive all keys; takes Argon2id's time. SpellingError if an id is none. */
  static async derive(
    code: ClaimCode,
    where: {
      origin: Origin
      invitationId: string
      organisation: Fingerprint
      argon2id: Argon2id
    },
  ): Promise<ClaimKeys> {
    const salt = saltOf(
      'souspli/v1/claim-salt',
      where.origin,
      decodeHex(where.invitationId, { length: ID_BYTES }),
      decodeHex(where.organisation, { length: HASH_BYTES }),
    )
    const password = utf8(code.secretSymbols())
    return new ClaimKeys(await where.argon2id({ password, salt }))
  }

  /**
   * Return the 32 bytes by which the service compares a person it does not know.
   *
   * `birthDate` is `YYYY-MM-DD`, an unknown month or day `00`. Raises PersonError.
   */
  personCheck({ surname, birthDate }: { surname: string; birthDate: string }): Bytes {
    const message = frame(
      'souspli/v1/person-check',
      normaliseSurname(surname),
      compactBirthDate(birthDate),
    )
    return hmacSha256({ key: this.#personCheckKey, message })
  }
}
