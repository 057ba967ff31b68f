/**
 * The `mlkem768x25519` stanza: the public half of wrapping.
 *
 * https://c2sp.org/age (MLKEM768-X25519), RFC 9180. Checks here need no secret.
 */
import { type Bytes, utf8 } from '../bytes.ts'
import { LowOrderPointError } from '../crypto/errors.ts'
import { MLKEM768_CIPHERTEXT_BYTES } from '../crypto/mlkem768.ts'
import { HYBRID_ENC_BYTES } from '../crypto/mlkem768x25519.ts'
import { checkX25519Point } from '../crypto/x25519.ts'
import { HeaderError } from './errors.ts'
import type { Stanza } from './header.ts'
import { decodeRawBase64, encodeRawBase64 } from './rawbase64.ts'

/** age's name for the recipient type. */
export const MLKEM768X25519 = 'mlkem768x25519'

export const HPKE_INFO = utf8('age-encryption.org/mlkem768x25519')

export const WRAPPED_FILE_KEY_BYTES = 32 // 16 bytes of file key, 16 of Poly1305 tag

/** A file key sealed with HPKE to one mlkem768x25519 recipient. */
export interface HybridStanza {
  /** HPKE's encapsulated key: ML-KEM-768 ciphertext, then X25519 share. */
  readonly enc: Bytes
  readonly wrappedFileKey: Bytes
}

/** Return the stanza that says this in a header. */
export function toStanza({ enc, wrappedFileKey }: HybridStanza): Stanza {
  return {
    recipientType: MLKEM768X25519,
    arguments: [encodeRawBase64(enc)],
    body: wrappedFileKey,
  }
}

/**
 * Return what a stanza of type mlkem768x25519 holds, its shape fully checked.
 *
 * Raises HeaderError if the type is another, there is not exactly one argument
 * after it, a length is wrong, or the X25519 share is a point of low order.
 */
export function parseHybridStanza(stanza: Stanza): HybridStanza {
  if (stanza.recipientType !== MLKEM768X25519) {
    throw new HeaderError(`the stanza is not of type ${MLKEM768X25519}`)
  }
  const [spelled, ...rest] = stanza.arguments
  if (spelled === undefined || rest.length > 0) {
    throw new HeaderError(`a ${MLKEM768X25519} stanza has two arguments`)
  }
  const enc = decodeRawBase64(spelled)
  if (enc.length !== HYBRID_ENC_BYTES) {
    throw new HeaderError(`the encapsulated key is ${enc.length} bytes long`)
  }
  checkWrappedLength(stanza.body)
  checkShare(enc.subarray(MLKEM768_CIPHERTEXT_BYTES))
  return { enc, wrappedFileKey: stanza.body }
}

/**
 * Return a stanza's body if a wrapped file key has its length; raise HeaderError if not.
 *
 * Before any decryption: one long ciphertext can be made to open under many keys,
 * which turns a reader into an oracle that sorts keys out.
 */
export function checkWrappedLength(body: Bytes): Bytes {
  if (body.length !== WRAPPED_FILE_KEY_BYTES) {
    throw new HeaderError('the wrapped file key has the wrong length')
  }
  return body
}

/** Return an X25519 share if it is not of low order; raise HeaderError if it is. */
export function checkShare(share: Bytes): Bytes {
  try {
    return checkX25519Point(share)
  } catch (failure) {
    if (!(failure instanceof LowOrderPointError)) throw failure
    throw new HeaderError('the stanza holds an X25519 point of low order')
  }
}
