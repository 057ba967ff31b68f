/** A new file's header: a fresh file key, wrapped for exactly one recipient. */
import type { Bytes } from '../bytes.ts'
import { sealHpke } from '../crypto/hpke.ts'
import type { FileKey } from './filekey.ts'
import { authenticatedPart, encodeHeader } from './header.ts'
import { HPKE_INFO, type HybridStanza, toStanza } from './hybrid.ts'
import type { HybridRecipient } from './recipient.ts'

/**
 * Return the file key sealed to `recipient`, with fresh randomness every time.
 *
 * HPKE base mode: it says nothing about who wrapped. https://c2sp.org/age
 * (mlkem768x25519 recipient stanza).
 */
export function wrapFileKey(fileKey: FileKey, recipient: HybridRecipient): HybridStanza {
  const { enc, ciphertext } = sealHpke({
    recipient: recipient.publicBytes,
    info: HPKE_INFO,
    plaintext: fileKey.secretBytes(),
  })
  return { enc, wrappedFileKey: ciphertext }
}

/** Return the header, SEALED_HEADER_BYTES long, of a file that `recipient` can open. */
export function writeSealedHeader(fileKey: FileKey, recipient: HybridRecipient): Bytes {
  const authenticated = authenticatedPart([toStanza(wrapFileKey(fileKey, recipient))])
  return encodeHeader({ authenticated, mac: fileKey.headerMac(authenticated) })
}
