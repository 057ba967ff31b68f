import { scryptSync } from 'node:crypto'
import { inspect } from 'node:util'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { Encrypter } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import { decryptAnyAgeFile } from '../../lib/age/any_file.ts'
import { HeaderError, KeyStringError, NoMatchError } from '../../lib/age/errors.ts'
import { decrypt } from '../../lib/age/file.ts'
import type { Stanza } from '../../lib/age/header.ts'
import { encodeRawBase64 } from '../../lib/age/rawbase64.ts'
import { MAX_WORK_FACTOR, ScryptIdentity } from '../../lib/age/scrypt.ts'
import { HybridIdentity, unwrapFileKey } from '../../lib/age/unwrap.ts'
import { concatBytes, utf8 } from '../../lib/bytes.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { flipped } from '../support/flip.ts'

const aead = await chacha20Poly1305()
const SALT = new Uint8Array(16).fill(1)
const SECRET = new Uint8Array(16).fill(2)

/** Return a stanza for `passphrase`, made with OpenSSL's scrypt. */
function stanzaFor(passphrase: string, workFactor: number): Stanza {
  const salt = concatBytes(utf8('age-encryption.org/v1/scrypt'), SALT)
  const cost = { N: 2 ** workFactor, r: 8, p: 1 }
  const key = Uint8Array.from(scryptSync(passphrase, salt, 32, cost))
  return {
    recipientType: 'scrypt',
    arguments: [encodeRawBase64(SALT), String(workFactor)],
    body: chacha20poly1305(key, new Uint8Array(12)).encrypt(SECRET),
  }
}

const STANZA = stanzaFor('mot de passe', 2)
const identity = new ScryptIdentity('mot de passe')

test('a passphrase finds the file key, whatever its letters and work factor', () => {
  expect(identity.unwrap(STANZA)?.secretBytes()).toEqual(SECRET)
  const accents = new ScryptIdentity('élève 🔑')
  for (const workFactor of [1, 9, 10]) {
    expect(accents.unwrap(stanzaFor('élève 🔑', workFactor))?.secretBytes()).toEqual(SECRET)
  }
})

test('a file that typage seals with a passphrase is opened, and by the right one only', async () => {
  const encrypter = new Encrypter()
  encrypter.setPassphrase('mot de passe')
  encrypter.setScryptWorkFactor(4)
  const file = Uint8Array.from(await encrypter.encrypt(utf8('bonjour')))
  const opened = await decryptAnyAgeFile(file, { identities: [identity], aead })
  expect(opened).toEqual(utf8('bonjour'))
  const identities = [new ScryptIdentity('mot de passé')]
  const opening = decryptAnyAgeFile(file, { identities, aead })
  await expect(opening).rejects.toBeInstanceOf(NoMatchError)
  const asDocument = decrypt(file, { identity: HybridIdentity.generate(), aead })
  await expect(asDocument).rejects.toBeInstanceOf(HeaderError)
})

test.each([
  ['another recipient type', { recipientType: 'Scrypt' }],
  ['a changed body', { body: flipped(STANZA.body, 0) }],
  ['another work factor', { arguments: [encodeRawBase64(SALT), '3'] }],
])('a stanza with %s is for somebody else', (_fact, change) => {
  expect(identity.unwrap({ ...STANZA, ...change })).toBeNull()
})

const salt = encodeRawBase64(SALT)

test.each([
  ['no argument', []],
  ['a salt alone', [salt]],
  ['an argument too many', [salt, '2', '2']],
  ['a salt of 15 bytes', [encodeRawBase64(SALT.subarray(1)), '2']],
  ['a salt of 17 bytes', [encodeRawBase64(new Uint8Array(17)), '2']],
  ['a padded salt', [`${salt}==`, '2']],
  ['a work factor of nothing', [salt, '']],
  ['a work factor of 0', [salt, '0']],
  ['a leading zero', [salt, '02']],
  ['a sign', [salt, '+2']],
  ['a fraction', [salt, '2.0']],
  ['an exponent', [salt, '1e1']],
  ['Arabic digits', [salt, '٢']],
  ['a line feed after the number', [salt, '2\n']],
  ['a work factor one above the limit', [salt, String(MAX_WORK_FACTOR + 1)]],
  ['a work factor of 400 digits', [salt, '9'.repeat(400)]],
])('a stanza with %s is refused before anything is computed', (_fact, words) => {
  expect(() => identity.unwrap({ ...STANZA, arguments: words })).toThrow(HeaderError)
})

test.each([31, 33])('a body of %i bytes is refused before anything is computed', (length) => {
  const body = new Uint8Array(length)
  expect(() => identity.unwrap({ ...STANZA, body })).toThrow(HeaderError)
})

describe('a passphrase stanza beside another', () => {
  const OTHER = { recipientType: 'example', arguments: [], body: new Uint8Array(1) }

  test.each([
    ['before it', [OTHER, STANZA]],
    ['after it', [STANZA, OTHER]],
    ['of its own kind', [STANZA, STANZA]],
  ])('%s is refused, for whoever reads', (_where, stanzas) => {
    const header = { stanzas, mac: new Uint8Array(32), authenticated: new Uint8Array(0) }
    for (const identities of [[identity], [HybridIdentity.generate()], []]) {
      expect(() => unwrapFileKey(header, identities)).toThrow(HeaderError)
    }
  })
})

test.each(['', '\ud83e'])('%j is no passphrase', (text) => {
  expect(() => new ScryptIdentity(text)).toThrow(KeyStringError)
})

test('a passphrase is shown nowhere', () => {
  const shown = [inspect(identity, { depth: 9 }), `${identity}`, JSON.stringify({ identity })]
  for (const text of shown) expect(text).not.toMatch(/passe|109/)
  expect(`${identity}`).toBe('ScryptIdentity(…)')
})
