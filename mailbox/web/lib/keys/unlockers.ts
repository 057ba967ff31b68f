/**
 * Unlockers: one idea for every way into an account (keys.md §3).
 *
 * Each yields a 32-byte secret S; from S come a login key, whose public half the service
 * stores, and a wrap key, which it never sees.
 */
import { type Bytes, equalBytes, utf8 } from '../bytes.ts'
import { ed25519PublicKey, signEd25519 } from '../crypto/ed25519.ts'
import type { Origin } from './address.ts'
import { type Argon2id, saltOf } from './argon2.ts'
import type { AccountNumber } from './codes.ts'
import { MisuseError, PasswordError } from './errors.ts'
import { derive } from './framing.ts'
import { type LoginChallenge, loginSignedBytes } from './login.ts'
import { Secret } from './secret.ts'
import { WHITE_SPACE } from './whitespace.ts'

export const SECRET_BYTES = 32

const RUN_OF_WHITE_SPACE = new RegExp(`[${WHITE_SPACE}]+`, 'gu')
const LONE_SURROGATE = /\p{Cs}/u

/** An Ed25519 key that signs login challenges and nothing else. Prints as `…`. */
export class LoginKey extends Secret {
  /** The 32 bytes that the service stores. */
  readonly publicKey: Bytes
  readonly #seed: Bytes

  /** Takes a 32-byte seed. */
  constructor(seed: Uint8Array) {
    super()
    this.#seed = Uint8Array.from(seed)
    this.publicKey = ed25519PublicKey(this.#seed)
  }

  /** Return the signature of a challenge; MisuseError if it names another key. */
  sign(challenge: LoginChallenge): Bytes {
    if (!equalBytes(challenge.loginPublicKey, this.publicKey)) {
      throw new MisuseError('the challenge names another login key')
    }
    return signEd25519({ seed: this.#seed, message: loginSignedBytes(challenge) })
  }
}

/** The key under which a vault key is wrapped (`vault.ts`). Prints as `…`. */
export class WrapKey extends Secret {
  readonly #key: Bytes

  /** Takes 32 bytes; MisuseError for another length. */
  constructor(key: Uint8Array) {
    super()
    if (key.length !== SECRET_BYTES) {
      throw new MisuseError(`a wrap key is ${SECRET_BYTES} bytes long`)
    }
    this.#key = Uint8Array.from(key)
  }

  /** Return the key, for `vault.ts` and for nothing else. */
  secretBytes(): Bytes {
    return this.#key.slice()
  }
}

/** What comes from the secret S of one unlocker; S itself is not kept. Prints as `…`. */
export class Unlocker extends Secret {
  /** What signs in. */
  readonly loginKey: LoginKey
  /** What opens the vault key. */
  readonly wrapKey: WrapKey

  /** Takes S, 32 bytes of full strength; MisuseError for another length. */
  constructor(secret: Uint8Array) {
    super()
    this.loginKey = new LoginKey(derive(secret, 'souspli/v1/unlocker/login'))
    this.wrapKey = new WrapKey(derive(secret, 'souspli/v1/unlocker/wrap'))
  }
}

/**
 * Return the `password` unlocker of an account. Takes Argon2id's time.
 *
 * The strength of a password is checked where it is chosen (claim.md §6), not here.
 * Raises PasswordError for one that is nothing but white space.
 */
export async function unlockerFromPassword(
  password: string,
  { origin, account, argon2id }: { origin: Origin; account: AccountNumber; argon2id: Argon2id },
): Promise<Unlocker> {
  const salt = saltOf('souspli/v1/password-salt', origin, account)
  return new Unlocker(await argon2id({ password: normalisePassword(password), salt }))
}

/**
 * Return the bytes that are hashed: UTF-8 of NFKC, runs of white space as one space.
 *
 * So a password is the same on every keyboard: é typed as one key or two, and the spaces
 * between words however wide. Raises PasswordError if nothing is left.
 */
export function normalisePassword(password: string): Bytes {
  const text = password
    .normalize('NFKC')
    .replaceAll(RUN_OF_WHITE_SPACE, ' ')
    .replaceAll(/^ | $/g, '')
  if (text === '') throw new PasswordError('an empty password')
  if (LONE_SURROGATE.test(text)) throw new PasswordError('a password with a lone surrogate')
  return utf8(text)
}
