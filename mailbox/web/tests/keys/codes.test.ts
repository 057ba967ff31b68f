import { describe, expect, test } from 'vitest'
import { argon2id } from '../../lib/crypto/argon2id.ts'
import { ed25519PublicKey, verifyEd25519 } from '../../lib/crypto/ed25519.ts'
import { hmacSha256 } from '../../lib/crypto/hkdf.ts'
import { parseOrigin } from '../../lib/keys/address.ts'
import { ClaimCode, ClaimKeys } from '../../lib/keys/claimcode.ts'
import {
  drawAccountNumber,
  formatNumber,
  parseAccountNumber,
  parseLetterNumber,
  readSymbols,
} from '../../lib/keys/codes.ts'
import { CodeError, MisuseError, PasswordError, PersonError } from '../../lib/keys/errors.ts'
import { frame } from '../../lib/keys/framing.ts'
import { type LoginPurpose, loginSignedBytes } from '../../lib/keys/login.ts'
import { compactBirthDate, normaliseSurname, parseBirthDate } from '../../lib/keys/person.ts'
import { parseFingerprint } from '../../lib/keys/public.ts'
import { LoginKey, normalisePassword, unlockerFromPassword } from '../../lib/keys/unlockers.ts'
import { toHex } from '../support/hex.ts'
import { type Vector, vectorCases } from '../support/vectors.ts'

describe('codes and numbers', () => {
  test.each(vectorCases('claim-code'))('%s', (_name, vector) => {
    const typed = vector.bodyText()
    if (vector.accepted) {
      expect(ClaimCode.parse(typed).secretSymbols()).toBe(vector.text('symbols'))
    } else {
      expect(() => ClaimCode.parse(typed)).toThrow(CodeError)
    }
  })

  test.each(vectorCases('admission-code'))('%s', (_name, vector) => {
    const typed = vector.bodyText()
    if (vector.accepted) expect(readSymbols(typed, { symbols: 16 })).toBe(vector.text('symbols'))
    else expect(() => readSymbols(typed, { symbols: 16 })).toThrow(CodeError)
  })

  test.each(vectorCases('number'))('%s', (_name, vector) => {
    const typed = vector.bodyText()
    if (vector.accepted) {
      const number = parseAccountNumber(typed)
      expect(number).toBe(vector.text('number'))
      expect(parseLetterNumber(typed)).toBe(number)
      expect(formatNumber(number)).toBe(vector.text('written'))
    } else {
      expect(() => parseAccountNumber(typed)).toThrow(CodeError)
    }
  })

  test('what is drawn can be read back, as it is written', () => {
    const code = ClaimCode.draw()
    const written = code.secretWritten()
    expect(written).toMatch(/^[0-9A-Z]{5}(-[0-9A-Z]{5}){3}$/)
    expect(ClaimCode.parse(written).secretSymbols()).toBe(code.secretSymbols())
    const number = drawAccountNumber()
    expect(parseAccountNumber(formatNumber(number))).toBe(number)
  })

  test('two that are drawn differ', () => {
    expect(ClaimCode.draw().secretSymbols()).not.toBe(ClaimCode.draw().secretSymbols())
    expect(drawAccountNumber()).not.toBe(drawAccountNumber())
  })
})

describe('passwords', () => {
  test.each(vectorCases('password', 'accept'))('%s', async (_name, vector) => {
    const typed = vector.bodyText()
    expect(toHex(normalisePassword(typed))).toBe(vector.text('normalised'))
    const unlocker = await unlockerFromPassword(typed, {
      origin: parseOrigin(vector.text('origin')),
      account: parseAccountNumber(vector.text('account')),
      argon2id,
    })
    expect(toHex(unlocker.loginKey.publicKey)).toBe(vector.text('login_public_key'))
    expect(toHex(unlocker.wrapKey.secretBytes())).toBe(vector.text('wrap_key'))
  })

  test.each(vectorCases('password', 'refuse'))('%s', (_name, vector) => {
    expect(() => normalisePassword(vector.bodyText())).toThrow(PasswordError)
  })

  test('a password with half a character is refused', () => {
    expect(() => normalisePassword('abc\ud83e')).toThrow(PasswordError)
  })
})

describe('claim codes', () => {
  test.each(vectorCases('claim'))('%s', async (_name, vector) => {
    const keys = await claimKeys(vector)
    expect(toHex(keys.identity.secretRoot())).toBe(vector.text('claim_root'))
    expect(keys.identity.public.fingerprint).toBe(vector.text('fingerprint'))
    expect(toHex(keys.loginKey.publicKey)).toBe(vector.text('login_public_key'))
    const message = frame('souspli/v1/person-check', 'MARTIN', '19580714')
    expect(keys.personCheck({ surname: 'Martin', birthDate: '1958-07-14' })).toEqual(
      hmacSha256({ key: vector.hex('person_check_key'), message }),
    )
  })

  function claimKeys(vector: Vector): Promise<ClaimKeys> {
    return ClaimKeys.derive(ClaimCode.parse(vector.text('code')), {
      origin: parseOrigin(vector.text('origin')),
      invitationId: vector.text('invitation_id'),
      organisation: parseFingerprint(vector.text('organisation')),
      argon2id,
    })
  }
})

describe('the person check', () => {
  test.each(vectorCases('person', 'accept'))('%s', (_name, vector) => {
    const surname = normaliseSurname(vector.bodyText())
    expect(surname).toBe(vector.text('surname'))
    const birthDate = compactBirthDate(vector.text('birth_date'))
    const message = frame('souspli/v1/person-check', surname, birthDate)
    const check = hmacSha256({ key: vector.hex('key'), message })
    expect(toHex(check)).toBe(vector.text('person_check'))
  })

  test.each(vectorCases('person', 'refuse'))('%s', (_name, vector) => {
    expect(() => normaliseSurname(vector.bodyText())).toThrow(PersonError)
  })

  test.each(vectorCases('birth-date'))('%s', (_name, vector) => {
    const typed = vector.bodyText()
    if (vector.accepted) {
      expect(parseBirthDate(typed)).toBe(typed)
      expect(compactBirthDate(typed)).toBe(vector.text('compact'))
    } else {
      expect(() => parseBirthDate(typed)).toThrow(PersonError)
    }
  })
})

describe('login signatures', () => {
  function challenge(vector: Vector) {
    return {
      purpose: vector.text('purpose') as LoginPurpose,
      origin: parseOrigin(vector.text('origin')),
      subject: vector.text('subject'),
      loginPublicKey: vector.hex('login_public_key'),
      nonce: vector.hex('nonce'),
    }
  }

  test.each(vectorCases('login', 'accept'))('%s', (_name, vector) => {
    expect(toHex(loginSignedBytes(challenge(vector)))).toBe(vector.text('signed'))
    const key = new LoginKey(vector.hex('seed'))
    expect(toHex(key.sign(challenge(vector)))).toBe(vector.text('signature'))
  })

  test.each(vectorCases('login', 'refuse'))('%s', (_name, vector) => {
    const { loginPublicKey, nonce, ...rest } = challenge(vector)
    // The service verifies; a client's Ed25519 has to refuse as much. A nonce of another
    // length is right under its signature, and for the service to refuse.
    const verify = () =>
      verifyEd25519({
        publicKey: loginPublicKey,
        message: loginSignedBytes({ ...rest, loginPublicKey, nonce }),
        signature: vector.hex('signature'),
      })
    if (nonce.length === 32) expect(verify).toThrow()
    else expect(nonce).toHaveLength(31)
  })

  test('a login key signs no challenge that names another key', () => {
    const key = new LoginKey(new Uint8Array(32))
    const other = ed25519PublicKey(new Uint8Array(32).fill(1))
    const challenge = {
      purpose: 'claim',
      origin: parseOrigin('souspli.localhost'),
      subject: '',
      loginPublicKey: other,
      nonce: new Uint8Array(32),
    } as const
    expect(() => key.sign(challenge)).toThrow(MisuseError)
  })
})
