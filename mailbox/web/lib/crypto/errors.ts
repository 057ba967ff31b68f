/**
 * What the primitives raise.
 *
 *     SouspliError
 *     └── CryptoError
 *         ├── CryptoUsageError        the calling code is wrong: a length, a choice
 *         ├── BackendUnavailableError this browser lacks the cipher in that form
 *         ├── AuthenticationError     a ciphertext is not what was sealed
 *         ├── SignatureError          the signature does not fit
 *         └── LowOrderPointError      a public key that gives everybody the same secret
 *
 * Texts never hold key material, plaintext or ciphertext.
 */
import { SouspliError } from '../errors.ts'

/** Base of what `lib/crypto` raises. */
export class CryptoError extends SouspliError {
  override name = 'CryptoError'
}

/** The calling code passed a value that the primitive does not take. */
export class CryptoUsageError extends CryptoError {
  override name = 'CryptoUsageError'
}

/** This browser does not offer the cipher in the form that was asked for. */
export class BackendUnavailableError extends CryptoError {
  override name = 'BackendUnavailableError'
}

/** The key, the nonce, the additional data or the ciphertext is not the one of the sealing. */
export class AuthenticationError extends CryptoError {
  override name = 'AuthenticationError'
}

/** The signature was not made by this key over this message. */
export class SignatureError extends CryptoError {
  override name = 'SignatureError'
}

/** An X25519 point whose shared secret is zero, whatever the other side's key. */
export class LowOrderPointError extends CryptoError {
  override name = 'LowOrderPointError'
}
