/**
 * What the age format's code raises: one type per failure class of the CCTV vectors.
 *
 *     SouspliError
 *     └── AgeError
 *         ├── AgeUsageError              the calling code is wrong, not the data
 *         │   └── ChunkSealedTwiceError  a chunk index was about to be sealed again
 *         ├── KeyStringError             a recipient or identity is not one
 *         ├── ArmorError                 "armor failure"
 *         ├── HeaderError                "header failure"
 *         │   └── HeaderIncompleteError  so far so good, but more bytes are needed
 *         ├── NoMatchError               "no match"
 *         ├── HmacError                  "HMAC failure"
 *         └── PayloadError               "payload failure"
 *
 * None of these is temporary: the same bytes fail in the same way tomorrow. Texts
 * say what is wrong with the shape; they never hold key material or plaintext.
 */
import { SouspliError } from '../errors.ts'

/** Base of all errors of the age format. */
export class AgeError extends SouspliError {
  override name = 'AgeError'
}

/** The calling code asked for something that age does not allow. */
export class AgeUsageError extends AgeError {
  override name = 'AgeUsageError'
}

/**
 * Refused: two plaintexts under one nonce would give both away.
 *
 * Resend the sealed bytes that were kept, or begin a new file with a new file key.
 */
export class ChunkSealedTwiceError extends AgeUsageError {
  override name = 'ChunkSealedTwiceError'
}

/** A recipient or an identity is misspelt, of another type, or a dangerous key. */
export class KeyStringError extends AgeError {
  override name = 'KeyStringError'
}

/** The text around an armored file, or its base64, is not the one strict spelling. */
export class ArmorError extends AgeError {
  override name = 'ArmorError'
}

/**
 * The header, or a stanza meant for us, is not what age prescribes.
 *
 * The payload's nonce belongs here too: CCTV counts a short one as a header failure.
 */
export class HeaderError extends AgeError {
  override name = 'HeaderError'
}

/**
 * The bytes are the beginning of a header that may be valid: more are needed.
 *
 * At the end of a file it means what its base says.
 */
export class HeaderIncompleteError extends HeaderError {
  override name = 'HeaderIncompleteError'
}

/** The header is well formed, and none of the stanzas is for these identities. */
export class NoMatchError extends AgeError {
  override name = 'NoMatchError'
}

/** The file key was found, and the header is not the one that its writer made. */
export class HmacError extends AgeError {
  override name = 'HmacError'
}

/** The payload is damaged, cut short, or goes on after its final chunk. */
export class PayloadError extends AgeError {
  override name = 'PayloadError'
}
