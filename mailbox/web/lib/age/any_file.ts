/**
 * Any age v1 file opened: armored or not, for any recipient that age itself defines.
 *
 * Not for documents, which `file` reads: a file of any shape doesn't say who else can
 * read it. It exists to be tested against all of age's own vectors, and the product
 * never imports it (tests/age/reader_only.test.ts). Identities: `unwrap`'s
 * HybridIdentity, `x25519`'s and `scrypt`'s.
 */
import { type Bytes, concatBytes } from '../bytes.ts'
import type { Aead } from '../crypto/aead.ts'
import { decodeArmor } from './armor.ts'
import { PayloadDecryptor } from './decryptor.ts'
import { HeaderIncompleteError } from './errors.ts'
import { parseHeader, VERSION_LINE } from './header.ts'
import { PAYLOAD_NONCE_BYTES } from './lengths.ts'
import { PayloadOpener } from './stream.ts'
import { type Identity, unwrapFileKey } from './unwrap.ts'

/** Who reads, and with which cipher. */
export interface Reader {
  readonly identities: Iterable<Identity>
  readonly aead: Aead
}

/**
 * Return the plaintext of a whole file, or raise and return nothing of it.
 *
 * Raises ArmorError if it is neither a binary file nor an armored one, HeaderError if its
 * header is not what age allows, NoMatchError if it is for somebody else, HmacError if
 * its header was changed, PayloadError if its payload is damaged, cut short or added to.
 */
export async function decryptAnyAgeFile(data: Bytes, reader: Reader): Promise<Bytes> {
  const binary = readBinary(data)
  const { opener, streamStart } = await openStartOfAnyAgeFile(binary, reader)
  const decryptor = new PayloadDecryptor(opener)
  const start = await decryptor.receive(binary.subarray(streamStart))
  return concatBytes(start, await decryptor.finish())
}

/**
 * Return the binary age file that `data` is, or that it holds in armor.
 *
 * Its first byte tells which: a binary file begins with the `a` of its version line, and
 * no armored file does. Whatever begins otherwise has to be armor: ArmorError.
 */
export function readBinary(data: Bytes): Bytes {
  return data.length === 0 || data[0] === VERSION_LINE[0] ? data : decodeArmor(data)
}

/**
 * Return what opens the chunks of a binary file, and where chunk 0 begins.
 *
 * Raises HeaderIncompleteError if `data` is too short for that, and like
 * `decryptAnyAgeFile`.
 */
export async function openStartOfAnyAgeFile(
  data: Uint8Array,
  { identities, aead }: Reader,
): Promise<{ opener: PayloadOpener; streamStart: number }> {
  const { header, length } = parseHeader(data)
  const fileKey = unwrapFileKey(header, identities)
  const nonce = data.subarray(length, length + PAYLOAD_NONCE_BYTES)
  if (nonce.length < PAYLOAD_NONCE_BYTES) {
    throw new HeaderIncompleteError('the file stops before its first chunk')
  }
  const opener = await PayloadOpener.create(fileKey, nonce, aead)
  return { opener, streamStart: length + PAYLOAD_NONCE_BYTES }
}
