import { armor } from 'age-encryption'
import { expect, test } from 'vitest'
import { decryptAnyAgeFile, openStartOfAnyAgeFile, readBinary } from '../../lib/age/any_file.ts'
import {
  ArmorError,
  HeaderError,
  HeaderIncompleteError,
  HmacError,
  NoMatchError,
  PayloadError,
} from '../../lib/age/errors.ts'
import { encrypt, SEALED_START_BYTES } from '../../lib/age/file.ts'
import { SEALED_HEADER_BYTES } from '../../lib/age/sealed_header.ts'
import { HybridIdentity } from '../../lib/age/unwrap.ts'
import { type Bytes, concatBytes, utf8 } from '../../lib/bytes.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { flipped, misspelt } from '../support/flip.ts'

const aead = await chacha20Poly1305()
const identity = HybridIdentity.generate()
const reader = { identities: [identity], aead }
const PLAINTEXT = utf8('Bilan sanguin : rien à signaler.')
const FILE = await encrypt(PLAINTEXT, { recipient: identity.recipient, aead })
const ARMORED = utf8(armor.encode(FILE))

test('a file is opened as it is and in its armor', async () => {
  expect(readBinary(FILE)).toBe(FILE)
  expect(readBinary(ARMORED)).toEqual(FILE)
  expect(await decryptAnyAgeFile(FILE, reader)).toEqual(PLAINTEXT)
  expect(await decryptAnyAgeFile(ARMORED, reader)).toEqual(PLAINTEXT)
})

test('whoever of several readers it is for opens it, and nobody else', async () => {
  const somebody = HybridIdentity.generate()
  const opening = decryptAnyAgeFile(FILE, { identities: [somebody, identity], aead })
  expect(await opening).toEqual(PLAINTEXT)
  for (const identities of [[somebody], []]) {
    const refusal = decryptAnyAgeFile(FILE, { identities, aead })
    await expect(refusal).rejects.toBeInstanceOf(NoMatchError)
  }
})

test.each<[string, Bytes, new (text: string) => Error]>([
  ['nothing', new Uint8Array(0), HeaderIncompleteError],
  ['its first letter', FILE.subarray(0, 1), HeaderIncompleteError],
  [
    'its start without the last octet',
    FILE.subarray(0, SEALED_START_BYTES - 1),
    HeaderIncompleteError,
  ],
  ['its start alone', FILE.subarray(0, SEALED_START_BYTES), PayloadError],
  ['the start of its armor', ARMORED.subarray(0, -2), ArmorError],
  ['white space alone', utf8(' '), ArmorError],
  ['another first letter', flipped(FILE, 0), ArmorError],
  ['another version', concatBytes(utf8('age-encryption.org/v2\n'), FILE.subarray(22)), HeaderError],
  ['a changed stanza', misspelt(FILE, 100), NoMatchError],
  ['a changed MAC', misspelt(FILE, SEALED_HEADER_BYTES - 20), HmacError],
  ['a changed payload', flipped(FILE, -1), PayloadError],
  ['something after it', concatBytes(FILE, Uint8Array.of(0)), PayloadError],
])('%s is refused with an error of its kind', async (_what, data, failure) => {
  await expect(decryptAnyAgeFile(data, reader)).rejects.toBeInstanceOf(failure)
})

test('armor inside armor is no age file', async () => {
  const twice = utf8(armor.encode(ARMORED))
  await expect(decryptAnyAgeFile(twice, reader)).rejects.toBeInstanceOf(HeaderError)
})

test('only its start is needed to know who can read', async () => {
  const { streamStart } = await openStartOfAnyAgeFile(FILE.subarray(0, SEALED_START_BYTES), reader)
  expect(streamStart).toBe(SEALED_START_BYTES)
})
