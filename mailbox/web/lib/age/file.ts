/**
 * Whole sealed files: encrypt to one recipient, decrypt with one identity.
 *
 * The strict subset of docs/specs/age.md. For a document that does not fit in memory,
 * `beginFile` and `openStart` give the first bytes and what seals or opens the rest.
 * Files of any other shape: `any_file`.
 */
import { type Bytes, concatBytes } from '../bytes.ts'
import type { Aead } from '../crypto/aead.ts'
import { HeaderIncompleteError } from './errors.ts'
import { FileKey } from './filekey.ts'
import { type ByteRange, PAYLOAD_NONCE_BYTES, StreamLayout } from './lengths.ts'
import type { HybridRecipient } from './recipient.ts'
import { parseSealedHeader, SEALED_HEADER_BYTES } from './sealed_header.ts'
import { PayloadOpener, PayloadSealer } from './stream.ts'
import { type HybridIdentity, unwrapFileKey } from './unwrap.ts'
import { writeSealedHeader } from './wrap.ts'

/** Where chunk 0 begins in a sealed file. */
export const SEALED_START_BYTES = SEALED_HEADER_BYTES + PAYLOAD_NONCE_BYTES

/** A file begun: its first SEALED_START_BYTES, and what seals the chunks after them. */
export interface NewFile {
  readonly start: Bytes
  readonly sealer: PayloadSealer
}

/** Begin a file for `recipient`, with a file key and nonce that nobody else has. */
export async function beginFile(
  recipient: HybridRecipient,
  { aead }: { aead: Aead },
): Promise<NewFile> {
  const fileKey = FileKey.generate()
  const sealer = await PayloadSealer.create(fileKey, aead)
  return { start: concatBytes(writeSealedHeader(fileKey, recipient), sealer.nonce), sealer }
}

/** Return how long the sealed file is that holds so many bytes of plaintext. */
export function sealedFileBytes(plainBytes: number): number {
  return SEALED_START_BYTES + StreamLayout.ofPlain(plainBytes).sealedBytes
}

/**
 * Return the layout of the stream in a sealed file of so many bytes.
 *
 * Raises PayloadError if no sealed file has that length.
 */
export function sealedFileLayout(fileBytes: number): StreamLayout {
  return StreamLayout.ofSealed(fileBytes - SEALED_START_BYTES)
}

/** Return where in the sealed file a segment's chunks lie: what to ask a store for. */
export function sealedSegmentRange(layout: StreamLayout, segmentIndex: number): ByteRange {
  const { firstChunkIndex, count } = layout.segmentChunks(segmentIndex)
  const { start, end } = layout.sealedRange(firstChunkIndex, count)
  return { start: SEALED_START_BYTES + start, end: SEALED_START_BYTES + end }
}

/** Return a file that only `recipient` can open. For what fits in memory. */
export async function encrypt(
  plaintext: Bytes,
  { recipient, aead }: { recipient: HybridRecipient; aead: Aead },
): Promise<Bytes> {
  const { start, sealer } = await beginFile(recipient, { aead })
  const stream = await sealer.sealSegment(plaintext, { firstChunkIndex: 0, last: true })
  return concatBytes(start, stream)
}

/**
 * Return what opens the chunks of the sealed file that begins with `data`.
 *
 * Chunk 0 begins at SEALED_START_BYTES, and nothing from there on is looked at.
 * Raises HeaderIncompleteError if `data` is shorter than that, HeaderError if it is
 * not a sealed file, NoMatchError if it is for somebody else, HmacError if its header
 * was changed.
 */
export async function openStart(
  data: Uint8Array,
  { identity, aead }: { identity: HybridIdentity; aead: Aead },
): Promise<PayloadOpener> {
  const { header } = parseSealedHeader(data)
  const fileKey = unwrapFileKey(header, [identity])
  const nonce = data.subarray(SEALED_HEADER_BYTES, SEALED_START_BYTES)
  if (nonce.length < PAYLOAD_NONCE_BYTES) {
    throw new HeaderIncompleteError('the file stops before its first chunk')
  }
  return PayloadOpener.create(fileKey, nonce, aead)
}

/**
 * Return the plaintext of a whole sealed file, or raise and return nothing of it.
 *
 * Raises like `openStart`, and PayloadError if the payload is damaged, cut short or
 * added to.
 */
export async function decrypt(
  data: Bytes,
  { identity, aead }: { identity: HybridIdentity; aead: Aead },
): Promise<Bytes> {
  const opener = await openStart(data, { identity, aead })
  const layout = sealedFileLayout(data.length)
  return opener.openRange(data.subarray(SEALED_START_BYTES), { layout, firstChunkIndex: 0 })
}
