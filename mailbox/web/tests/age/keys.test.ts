import { inspect } from 'node:util'
import { generateHybridIdentity, identityToRecipient } from 'age-encryption'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBech32, encodeBech32 } from '../../lib/age/bech32.ts'
import { AgeUsageError, KeyStringError } from '../../lib/age/errors.ts'
import { FileKey } from '../../lib/age/filekey.ts'
import { HybridRecipient } from '../../lib/age/recipient.ts'
import { HybridIdentity } from '../../lib/age/unwrap.ts'
import { X25519Identity } from '../../lib/age/x25519.ts'
import { toHex } from '../support/hex.ts'

describe('Bech32', () => {
  test('reads back what it writes, in either case', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_300 }), (octets) => {
        const text = encodeBech32('age1pq', octets)
        const value = Uint8Array.from(octets)
        expect(decodeBech32(text, { prefix: 'age1pq' })).toEqual(value)
        expect(decodeBech32(text.toUpperCase(), { prefix: 'age1pq' })).toEqual(value)
      }),
      { numRuns: 30 },
    )
  })

  test("writes BIP 173's own example of an empty value", () => {
    expect(encodeBech32('a', new Uint8Array(0))).toBe('a12uel5l')
  })

  const text = encodeBech32('age-secret-key-pq-', new Uint8Array(32))

  test('sees any single wrong character', () => {
    for (let index = 0; index < text.length; index += 1) {
      const wrong = text.charAt(index) === 'q' ? 'p' : 'q'
      const misspelt = text.slice(0, index) + wrong + text.slice(index + 1)
      const reading = () => decodeBech32(misspelt, { prefix: 'age-secret-key-pq-' })
      expect(reading).toThrow(KeyStringError)
    }
  })

  test.each([
    ['mixed case', `${text.slice(0, -1)}${text.slice(-1).toUpperCase()}`],
    ['a Kelvin sign for a K', text.toUpperCase().replace('KEY', '\u212aEY')],
    ['a space at the end', `${text} `],
    ['a line feed at the end', `${text}\n`],
    ['no separator', text.replaceAll('1', '')],
    ['a checksum cut short', text.slice(0, -1)],
    ['another prefix', encodeBech32('age-secret-key-', new Uint8Array(32))],
    ['nothing', ''],
    ['a prefix alone', 'age-secret-key-pq-1'],
  ])('refuses %s', (_fact, wrong) => {
    const reading = () => decodeBech32(wrong, { prefix: 'age-secret-key-pq-' })
    expect(reading).toThrow(KeyStringError)
  })

  test.each([
    ['bits that are not zero at its end', 'a1qpamnt9j'],
    ['a symbol too many', 'a1qqqd87cpp'],
  ])('refuses a second spelling of one value, its checksum right, with %s', (_fact, second) => {
    expect(decodeBech32('a1qqqd87cq', { prefix: 'a' })).toEqual(Uint8Array.of(0))
    expect(() => decodeBech32(second, { prefix: 'a' })).toThrow(KeyStringError)
  })
})

describe('a hybrid identity', () => {
  const identity = new HybridIdentity(Uint8Array.from({ length: 32 }, (_, index) => index))
  const secret = identity.toSecretString()

  test('is spelled as age spells it, and read back', () => {
    expect(secret).toMatch(/^AGE-SECRET-KEY-PQ-1[0-9A-Z]{58}$/)
    expect(HybridIdentity.parse(secret).secretSeed()).toEqual(identity.secretSeed())
  })

  test('has the recipient that typage computes', async () => {
    expect(String(identity.recipient)).toBe(await identityToRecipient(secret))
    const theirs = await generateHybridIdentity()
    const recipient = String(HybridIdentity.parse(theirs).recipient)
    expect(recipient).toBe(await identityToRecipient(theirs))
  })

  test('shows its secret to no log, template or JSON', () => {
    const shown = [inspect(identity, { depth: 9 }), `${identity}`, JSON.stringify({ identity })]
    const seed = identity.secretSeed()
    for (const text of shown) {
      expect(text.toUpperCase()).not.toContain(secret.slice(0, 30))
      expect(text).not.toContain(toHex(seed).slice(0, 12))
      expect(text).not.toContain(Buffer.from(seed).toString('base64').slice(0, 12))
      expect(text).not.toContain(seed.slice(0, 8).join(','))
      expect(text).not.toContain(seed.slice(0, 8).join(', '))
    }
  })

  test('is not read from a classical identity, nor the reverse', () => {
    const classical = encodeBech32('age-secret-key-', new Uint8Array(32)).toUpperCase()
    expect(() => HybridIdentity.parse(classical)).toThrow(KeyStringError)
    expect(() => X25519Identity.parse(secret)).toThrow(KeyStringError)
    expect(X25519Identity.parse(classical)).toBeInstanceOf(X25519Identity)
  })

  test('has 32 bytes', () => {
    expect(() => new HybridIdentity(new Uint8Array(31))).toThrow(KeyStringError)
    const short = encodeBech32('age-secret-key-pq-', new Uint8Array(31))
    expect(() => HybridIdentity.parse(short)).toThrow(KeyStringError)
  })

  test('keeps its seed when the caller wipes his', () => {
    const mine = identity.secretSeed()
    const held = new HybridIdentity(mine)
    mine.fill(0)
    expect(held.toSecretString()).toBe(secret)
  })
})

describe('a recipient', () => {
  const { recipient } = new HybridIdentity(new Uint8Array(32))

  test('is spelled in 1,959 characters, and read back', () => {
    const text = String(recipient)
    expect(text).toMatch(/^age1pq1/)
    expect(text).toHaveLength(1_959)
    expect(HybridRecipient.parse(text)).toEqual(recipient)
  })

  test.each([
    ['an X25519 point of low order', (key: Uint8Array) => key.fill(0, 1_184)],
    ['an ML-KEM-768 key that is not reduced', (key: Uint8Array) => key.fill(0xff, 0, 3)],
    ['a length that is not its own', (key: Uint8Array) => key.subarray(1)],
  ])('is refused with %s', (_fact, damage) => {
    const key = damage(recipient.publicBytes.slice())
    expect(() => new HybridRecipient(key)).toThrow(KeyStringError)
    expect(() => HybridRecipient.parse(encodeBech32('age1pq', key))).toThrow(KeyStringError)
  })

  test('is refused when it is of another type', () => {
    expect(() => HybridRecipient.parse(encodeBech32('age', new Uint8Array(32)))).toThrow(
      KeyStringError,
    )
  })
})

describe('a file key', () => {
  test('has 16 bytes', () => {
    expect(() => new FileKey(new Uint8Array(15))).toThrow(AgeUsageError)
    expect(FileKey.generate().secretBytes()).toHaveLength(16)
  })

  test('is shown nowhere', () => {
    const fileKey = new FileKey(new Uint8Array(16).fill(0xab))
    const shown = `${fileKey} ${inspect(fileKey, { depth: 9 })} ${JSON.stringify({ fileKey })}`
    expect(shown).not.toMatch(/ab|171/)
  })
})
