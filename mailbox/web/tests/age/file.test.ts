import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import {
  HeaderError,
  HeaderIncompleteError,
  HmacError,
  NoMatchError,
  PayloadError,
} from '../../lib/age/errors.ts'
import {
  beginFile,
  decrypt,
  encrypt,
  openStart,
  SEALED_START_BYTES,
  sealedFileBytes,
  sealedFileLayout,
  sealedSegmentRange,
} from '../../lib/age/file.ts'
import { FileKey } from '../../lib/age/filekey.ts'
import { authenticatedPart, encodeHeader, type Stanza } from '../../lib/age/header.ts'
import { toStanza } from '../../lib/age/hybrid.ts'
import { CHUNK_BYTES, SEGMENT_CHUNKS } from '../../lib/age/lengths.ts'
import { parseSealedHeader, SEALED_HEADER_BYTES } from '../../lib/age/sealed_header.ts'
import { HybridIdentity } from '../../lib/age/unwrap.ts'
import { wrapFileKey } from '../../lib/age/wrap.ts'
import { type Bytes, concatBytes, utf8 } from '../../lib/bytes.ts'
import { AEAD_BACKENDS, type AeadBackend } from '../../lib/crypto/aead.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { randomBytes } from '../../lib/crypto/random.ts'
import { flipped, misspelt } from '../support/flip.ts'

const identity = HybridIdentity.generate()
const { recipient } = identity
const aead = await chacha20Poly1305()
const PLAINTEXT = utf8('Bilan sanguin : rien à signaler.')
const FILE = await encrypt(PLAINTEXT, { recipient, aead })

const LENGTHS = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]
const EACH = AEAD_BACKENDS.flatMap((backend) =>
  LENGTHS.map((length): [AeadBackend, number] => [backend, length]),
)

describe('typage, an implementation that is not ours,', () => {
  test.each(EACH)('opens what we seal: %s, %i bytes', async (backend, length) => {
    const plaintext = randomBytes(Math.min(length, 65_536))
    const long = concatBytes(plaintext, new Uint8Array(length - plaintext.length))
    const file = await encrypt(long, { recipient, aead: await chacha20Poly1305(backend) })
    expect(file).toHaveLength(sealedFileBytes(length))
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity.toSecretString())
    expect(Buffer.compare(await decrypter.decrypt(file), long)).toBe(0)
  })

  test.each(EACH)('seals what we open: %s, %i bytes', async (backend, length) => {
    const plaintext = new Uint8Array(length).fill(0x55)
    const encrypter = new Encrypter()
    encrypter.addRecipient(String(recipient))
    const file = Uint8Array.from(await encrypter.encrypt(plaintext))
    const opened = await decrypt(file, { identity, aead: await chacha20Poly1305(backend) })
    expect(Buffer.compare(opened, plaintext)).toBe(0)
  })

  test('makes files for several readers, which we refuse', async () => {
    const encrypter = new Encrypter()
    encrypter.addRecipient(String(recipient))
    encrypter.addRecipient(String(HybridIdentity.generate().recipient))
    const file = Uint8Array.from(await encrypter.encrypt(PLAINTEXT))
    await expect(decrypt(file, { identity, aead })).rejects.toBeInstanceOf(HeaderError)
  })

  test('makes files for a classical reader, which we refuse', async () => {
    const encrypter = new Encrypter()
    encrypter.addRecipient(await identityToRecipient(await generateX25519Identity()))
    const file = Uint8Array.from(await encrypter.encrypt(PLAINTEXT))
    await expect(decrypt(file, { identity, aead })).rejects.toBeInstanceOf(HeaderError)
  })
})

describe('a sealed file', () => {
  test('is never the same twice', async () => {
    const again = await encrypt(PLAINTEXT, { recipient, aead })
    expect(again).toHaveLength(FILE.length)
    expect(again).not.toEqual(FILE)
  })

  test('is for nobody else', async () => {
    const other = HybridIdentity.generate()
    const opening = decrypt(FILE, { identity: other, aead })
    await expect(opening).rejects.toBeInstanceOf(NoMatchError)
  })

  test('cut anywhere in its start asks for more', async () => {
    for (const length of [0, 22, 1_000, SEALED_HEADER_BYTES, SEALED_START_BYTES - 1]) {
      const opening = openStart(FILE.subarray(0, length), { identity, aead })
      await expect(opening).rejects.toBeInstanceOf(HeaderIncompleteError)
    }
  })

  test.each([
    ['the first letter', flipped(FILE, 0), HeaderError],
    ['the ML-KEM ciphertext', misspelt(FILE, 100), NoMatchError],
    ['the MAC', misspelt(FILE, SEALED_HEADER_BYTES - 20), HmacError],
    ['the nonce', flipped(FILE, SEALED_HEADER_BYTES), PayloadError],
    ['the first chunk', flipped(FILE, SEALED_START_BYTES), PayloadError],
    ['the last octet', flipped(FILE, -1), PayloadError],
  ])('with a change in %s is refused', async (_where, damaged, failure) => {
    const opening = decrypt(damaged, { identity, aead })
    await expect(opening).rejects.toBeInstanceOf(failure)
  })

  test('with another MAC is refused as changed', async () => {
    const { header } = parseSealedHeader(FILE)
    const mac = flipped(header.mac, 31)
    const start = encodeHeader({ authenticated: header.authenticated, mac })
    const file = concatBytes(start, FILE.subarray(SEALED_HEADER_BYTES))
    await expect(decrypt(file, { identity, aead })).rejects.toBeInstanceOf(HmacError)
  })

  test('cut at its end, or added to, is refused', async () => {
    const shorter = FILE.subarray(0, -1)
    await expect(decrypt(shorter, { identity, aead })).rejects.toBeInstanceOf(PayloadError)
    const longer = concatBytes(FILE, Uint8Array.of(0))
    await expect(decrypt(longer, { identity, aead })).rejects.toBeInstanceOf(PayloadError)
  })

  test('of two segments is opened from its end, by the ranges of its length alone', async () => {
    const plaintext = new Uint8Array((SEGMENT_CHUNKS + 2) * CHUNK_BYTES + 3)
    for (const [index, octet] of randomBytes(1_000).entries()) plaintext[index * 8_000] = octet
    const { start, sealer } = await beginFile(recipient, { aead })
    const segmentBytes = SEGMENT_CHUNKS * CHUNK_BYTES
    const second = await sealer.sealSegment(plaintext.subarray(segmentBytes), {
      firstChunkIndex: SEGMENT_CHUNKS,
      last: true,
    })
    const first = await sealer.sealSegment(plaintext.subarray(0, segmentBytes), {
      firstChunkIndex: 0,
      last: false,
    })
    const file = concatBytes(start, first, second)

    const layout = sealedFileLayout(file.length)
    expect(layout.segmentCount).toBe(2)
    const opener = await openStart(file.subarray(0, SEALED_START_BYTES), { identity, aead })
    const opened: Bytes[] = []
    for (const index of [1, 0]) {
      const range = sealedSegmentRange(layout, index)
      const { firstChunkIndex } = layout.segmentChunks(index)
      const sealed = file.slice(range.start, range.end)
      opened.unshift(await opener.openRange(sealed, { layout, firstChunkIndex }))
    }
    expect(Buffer.compare(concatBytes(...opened), plaintext)).toBe(0)
  })
})

describe('a sealed header', () => {
  const fileKey = FileKey.generate()
  const stanza = toStanza(wrapFileKey(fileKey, recipient))

  function header(stanzas: readonly Stanza[]): Bytes {
    const authenticated = authenticatedPart(stanzas)
    return encodeHeader({ authenticated, mac: fileKey.headerMac(authenticated) })
  }

  test('is read without a secret, whatever follows it', () => {
    const data = concatBytes(header([stanza]), randomBytes(50))
    expect(toStanza(parseSealedHeader(data).stanza)).toEqual(stanza)
    expect(header([stanza])).toHaveLength(SEALED_HEADER_BYTES)
  })

  test.each([
    ['two readers', [stanza, stanza]],
    ['a second stanza of another kind', [stanza, { ...stanza, recipientType: 'grease' }]],
    ['a stanza of another kind before it', [{ ...stanza, recipientType: 'grease' }, stanza]],
    ['another kind of reader', [{ ...stanza, recipientType: 'X25519' }]],
    ['its type in capitals', [{ ...stanza, recipientType: 'MLKEM768X25519' }]],
    ['an argument too many', [{ ...stanza, arguments: [...stanza.arguments, 'a'] }]],
    ['an argument too few', [{ ...stanza, arguments: [] }]],
    ['a longer wrapped key', [{ ...stanza, body: new Uint8Array(33) }]],
    ['a shorter wrapped key', [{ ...stanza, body: new Uint8Array(31) }]],
  ])('is refused with %s', (_fact, stanzas) => {
    const reading = () => parseSealedHeader(concatBytes(header(stanzas), new Uint8Array(3_000)))
    expect(reading).toThrow(HeaderError)
    expect(reading).not.toThrow(HeaderIncompleteError)
  })

  test('is complete at SEALED_HEADER_BYTES and not before', () => {
    const data = header([stanza])
    const cut = () => parseSealedHeader(data.subarray(0, -1))
    expect(cut).toThrow(HeaderIncompleteError)
  })
})
