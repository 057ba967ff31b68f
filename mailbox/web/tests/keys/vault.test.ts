import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { argon2id } from '../../lib/crypto/argon2id.ts'
import { parseOrigin } from '../../lib/keys/address.ts'
import { decodeCanonical, encodeCanonical } from '../../lib/keys/canonical.ts'
import { parseAccountNumber } from '../../lib/keys/codes.ts'
import {
  MisuseError,
  VaultContentsError,
  VaultError,
  VaultKeyError,
  VaultMismatchError,
} from '../../lib/keys/errors.ts'
import { Identity } from '../../lib/keys/identity.ts'
import type { UnlockerKind } from '../../lib/keys/login.ts'
import { unlockerFromPassword, WrapKey } from '../../lib/keys/unlockers.ts'
import {
  openVault,
  sealVault,
  unwrapVaultKey,
  VaultKey,
  wrapVaultKey,
} from '../../lib/keys/vault.ts'
import { readVault, Vault } from '../../lib/keys/vault_contents.ts'
import { toHex } from '../support/hex.ts'
import { type Vector, vectorCases } from '../support/vectors.ts'

const ERRORS = {
  key: VaultKeyError,
  mismatch: VaultMismatchError,
  contents: VaultContentsError,
}

function open(vector: Vector): Vault {
  return openVault(vector.body, new VaultKey(vector.hex('vault_key')), {
    account: parseAccountNumber(vector.text('account')),
    generation: vector.integer('generation'),
    seenGeneration: vector.integer('seen_generation'),
  })
}

describe('a vault', () => {
  test.each(vectorCases('vault', 'accept'))('%s', (_name, vector) => {
    const vault = open(vector)
    expect(encodeCanonical(vault.toSecretJson())).toEqual(vector.hex('plaintext'))
  })

  test.each(vectorCases('vault', 'refuse'))('%s', (_name, vector) => {
    const error = vector.text('error') as keyof typeof ERRORS
    expect(() => open(vector)).toThrow(ERRORS[error])
  })

  test('opens again after it was sealed here, and has the length of its padding', () => {
    const vector = first('vault', 'accept')
    const vault = open(vector)
    const vaultKey = VaultKey.generate()
    const sealed = sealVault(vault, vaultKey)
    expect((sealed.length - 24 - 16) % 1_024).toBe(0)
    const again = openVault(sealed, vaultKey, {
      account: vault.account,
      generation: vault.generation,
      seenGeneration: vault.generation,
    })
    expect(again.toSecretJson()).toEqual(vault.toSecretJson())
  })

  test('that a reader would refuse is not sealed', () => {
    const right = readVault(decodeCanonical(first('vault', 'accept').hex('plaintext')))
    const wrong = new Vault({ ...right, unlockers: [] })
    expect(() => sealVault(wrong, VaultKey.generate())).toThrow(MisuseError)
  })

  test('prints nothing of its secrets', () => {
    const vault = open(first('vault', 'accept'))
    const printed = [String(vault), JSON.stringify(vault), inspect(vault, { depth: 9 })]
    expect(printed).toEqual(['…', '"…"', '…'])
    expect(JSON.stringify({ ...vault })).not.toContain(toHex(vault.identity.secretRoot()))
    expect(String(VaultKey.generate())).toBe('…')
  })
})

describe('a wrapped vault key', () => {
  function unwrap(vector: Vector): VaultKey {
    return unwrapVaultKey(vector.body, new WrapKey(vector.hex('wrap_key')), {
      account: parseAccountNumber(vector.text('account')),
      kind: vector.text('kind') as UnlockerKind,
      unlockerId: vector.text('unlocker_id'),
    })
  }

  test.each(vectorCases('vault-wrap', 'accept'))('%s', (_name, vector) => {
    expect(toHex(unwrap(vector).secretBytes())).toBe(vector.text('vault_key'))
  })

  test.each(vectorCases('vault-wrap', 'refuse'))('%s', (_name, vector) => {
    expect(() => unwrap(vector)).toThrow(VaultKeyError)
  })

  test('is 72 bytes long, and opens with the password that it was wrapped for', async () => {
    const account = parseAccountNumber('1234567897')
    const origin = parseOrigin('souspli.localhost')
    const unlocker = await unlockerFromPassword('huit mots', { origin, account, argon2id })
    const place = { account, kind: 'password', unlockerId: 'ab'.repeat(16) } as const
    const vaultKey = VaultKey.generate()
    const wrapped = wrapVaultKey(vaultKey, unlocker.wrapKey, place)
    expect(wrapped).toHaveLength(72)
    const unwrapped = unwrapVaultKey(wrapped, unlocker.wrapKey, place)
    expect(unwrapped.secretBytes()).toEqual(vaultKey.secretBytes())
    const other = await unlockerFromPassword('neuf mots', { origin, account, argon2id })
    expect(() => unwrapVaultKey(wrapped, other.wrapKey, place)).toThrow(VaultError)
  })
})

test('an identity from the vault is the one that was put in', () => {
  const vault = open(first('vault', 'accept'))
  expect(new Identity(vault.identity.secretRoot()).public.fingerprint).toBe(
    vault.identity.public.fingerprint,
  )
})

function first(group: string, expected: 'accept'): Vector {
  const [found] = vectorCases(group, expected)
  if (found === undefined) throw new Error('no vector')
  return found[1]
}
