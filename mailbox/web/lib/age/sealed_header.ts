/**
 * The one shape of header that Souspli writes and reads.
 *
 * docs/specs/age.md: exactly one stanza, of type mlkem768x25519. A second stanza
 * would be a second reader that nobody sees; a classical one would undo the
 * post-quantum recipient beside it.
 */
import { HeaderError, HeaderIncompleteError } from './errors.ts'
import { type Header, parseHeader } from './header.ts'
import { type HybridStanza, parseHybridStanza } from './hybrid.ts'

/**
 * Nothing in such a header varies in length: version line 22; stanza 18 + 1,494 + 1
 * (type, enc of 1,120 bytes in base64) + 43 + 1 (wrapped file key); MAC 4 + 43 + 1.
 */
export const SEALED_HEADER_BYTES = 1_627

/**
 * Return the sealed header that `data` begins with, and its only stanza.
 *
 * It takes SEALED_HEADER_BYTES, and bytes after those are not looked at. Needs no
 * secret: the MAC and the wrapped file key are not checked, the rest is. Raises
 * HeaderIncompleteError if `data` is shorter and right so far, HeaderError for any
 * other header, a valid age header included.
 */
export function parseSealedHeader(data: Uint8Array): { header: Header; stanza: HybridStanza } {
  const { header, length } = parseStart(data)
  const [first, ...rest] = header.stanzas
  if (first === undefined || rest.length > 0) {
    throw new HeaderError('a sealed file has exactly one stanza')
  }
  const stanza = parseHybridStanza(first)
  if (length !== SEALED_HEADER_BYTES) {
    throw new HeaderError("the header does not have the length of a sealed file's")
  }
  return { header, stanza }
}

function parseStart(data: Uint8Array): ReturnType<typeof parseHeader> {
  try {
    return parseHeader(data.subarray(0, SEALED_HEADER_BYTES))
  } catch (failure) {
    if (!(failure instanceof HeaderIncompleteError) || data.length < SEALED_HEADER_BYTES) {
      throw failure
    }
    throw new HeaderError('the header is longer than that of a sealed file')
  }
}
