/** A sealed file opens to what was sealed, for one identity, or raises an error of its own. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  HeaderError,
  HeaderIncompleteError,
  HmacError,
  NoMatchError,
  PayloadError,
} from '../../lib/age/errors.ts'
import {
  decrypt,
  encrypt,
  SEALED_START_BYTES,
  sealedFileBytes,
  sealedFileLayout,
} from '../../lib/age/file.ts'
import { CHUNK_BYTES } from '../../lib/age/lengths.ts'
import { SEALED_HEADER_BYTES } from '../../lib/age/sealed_header.ts'
import { HybridIdentity } from '../../lib/age/unwrap.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { areSame, bytes, change, changed } from './arbitrary.ts'

const aead = await chacha20Poly1305()
const identity = HybridIdentity.generate()
const { recipient } = identity

const content = fc.oneof(
  bytes({ maxLength: 300 }),
  fc
    .tuple(fc.nat({ max: 2 }), fc.integer({ min: -1, max: 1 }))
    .map(([chunks, off]) => new Uint8Array(Math.max(0, chunks * CHUNK_BYTES + off)).fill(7)),
)

test('open(seal(x)) is x, and the length says how long x is', async () => {
  await fc.assert(
    fc.asyncProperty(content, async (plaintext) => {
      const file = await encrypt(plaintext, { recipient, aead })
      expect(file).toHaveLength(sealedFileBytes(plaintext.length))
      expect(sealedFileLayout(file.length).plainBytes).toBe(plaintext.length)
      expect(areSame(await decrypt(file, { identity, aead }), plaintext)).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('any changed file is refused, with the error of the part that was changed', async () => {
  const plaintext = new Uint8Array(CHUNK_BYTES + 10).fill(1)
  const file = await encrypt(plaintext, { recipient, aead })
  await fc.assert(
    fc.asyncProperty(change, async (damage) => {
      const damaged = changed(file, damage)
      fc.pre(!areSame(damaged, file))
      const failure = await decrypt(damaged, { identity, aead }).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      const isHeaderWhole = areSame(
        damaged.subarray(0, SEALED_HEADER_BYTES),
        file.subarray(0, SEALED_HEADER_BYTES),
      )
      const expected = isHeaderWhole
        ? [PayloadError, HeaderIncompleteError]
        : [HeaderError, NoMatchError, HmacError]
      expect(expected.some((type) => failure instanceof type)).toBe(true)
      if (failure instanceof HeaderIncompleteError) {
        expect(damaged.length).toBeLessThan(SEALED_START_BYTES)
      }
    }),
    { numRuns: 120 },
  )
})

test('any bit changed in the header is refused as a bad header, another key or a changed one', async () => {
  const file = await encrypt(new Uint8Array(3), { recipient, aead })
  // Its last line is the MAC: half of all tries there.
  const inMac = fc.integer({ min: SEALED_HEADER_BYTES - 48, max: SEALED_HEADER_BYTES - 1 })
  const anywhere = fc.noBias(fc.nat({ max: SEALED_HEADER_BYTES - 1 }))
  const seen = new Set<unknown>()
  await fc.assert(
    fc.asyncProperty(fc.oneof(inMac, anywhere), fc.nat({ max: 7 }), async (at, bit) => {
      const damaged = file.slice()
      damaged[at] = (damaged[at] ?? 0) ^ (1 << bit)
      const failure = await decrypt(damaged, { identity, aead }).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      const type = [HeaderError, NoMatchError, HmacError].find((one) => failure instanceof one)
      expect(type).toBeDefined()
      seen.add(type)
    }),
    { numRuns: 120 },
  )
  expect(seen.size).toBe(3)
})

test('a file cut anywhere is refused, and in its start as incomplete', async () => {
  const file = await encrypt(new Uint8Array(100), { recipient, aead })
  await fc.assert(
    fc.asyncProperty(fc.noBias(fc.nat({ max: file.length - 1 })), async (length) => {
      const opening = decrypt(file.subarray(0, length), { identity, aead })
      const failure = length < SEALED_START_BYTES ? HeaderIncompleteError : PayloadError
      await expect(opening).rejects.toBeInstanceOf(failure)
    }),
    { numRuns: 120 },
  )
})
