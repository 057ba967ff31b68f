/** Bech32 (BIP 173) without its limit on length, as age spells keys. */
import type { Bytes } from '../bytes.ts'
import { KeyStringError } from './errors.ts'

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]))
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] // BIP 173
const CHECKSUM_SYMBOLS = 6
const PRINTABLE_ASCII = /^[\x21-\x7e]*$/

/** Return `value` under the lowercase human-readable `prefix`, in lowercase. */
export function encodeBech32(prefix: string, value: Uint8Array): string {
  const symbols = toSymbols(value)
  const spelled = [...symbols, ...checksum(prefix, symbols)].map((symbol) => ALPHABET[symbol])
  return `${prefix}1${spelled.join('')}`
}

/**
 * Return the bytes that `text` spells under the lowercase `prefix`.
 *
 * Raises KeyStringError if the case is mixed, the prefix is another, a character is
 * not in the alphabet, the checksum differs or the last bits are not zero. Its text
 * never repeats the key.
 */
export function decodeBech32(text: string, { prefix }: { prefix: string }): Bytes {
  const lower = text.toLowerCase()
  // ASCII first: a few foreign letters turn into ASCII when lowered (U+212A, the
  // Kelvin sign, into "k"), and would make a second spelling of the same key.
  if (!PRINTABLE_ASCII.test(text) || (text !== lower && text !== text.toUpperCase())) {
    throw new KeyStringError('a key is written in ASCII, all lowercase or all uppercase')
  }
  const separator = lower.lastIndexOf('1')
  if (separator < 0 || lower.slice(0, separator) !== prefix) {
    throw new KeyStringError(`this kind of key begins with ${prefix}1`)
  }
  const symbols = [...lower.slice(separator + 1)].map((character) => {
    const value = VALUES.get(character)
    if (value === undefined) throw new KeyStringError('a character that no key contains')
    return value
  })
  if (symbols.length < CHECKSUM_SYMBOLS || polymod([...expand(prefix), ...symbols]) !== 1) {
    throw new KeyStringError('the checksum differs: the key is misspelt or cut')
  }
  return fromSymbols(symbols.slice(0, -CHECKSUM_SYMBOLS))
}

function polymod(symbols: readonly number[]): number {
  let check = 1
  for (const symbol of symbols) {
    const top = check >>> 25
    check = ((check & 0x1ffffff) << 5) ^ symbol
    for (const [bit, generator] of GENERATOR.entries()) {
      if ((top >>> bit) & 1) check ^= generator
    }
  }
  return check
}

function expand(prefix: string): number[] {
  const codes = [...prefix].map((character) => character.charCodeAt(0))
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)]
}

function checksum(prefix: string, symbols: readonly number[]): number[] {
  const room = new Array<number>(CHECKSUM_SYMBOLS).fill(0)
  const check = polymod([...expand(prefix), ...symbols, ...room]) ^ 1
  return room.map((_, index) => (check >>> (5 * (CHECKSUM_SYMBOLS - 1 - index))) & 31)
}

/** Cut bytes into groups of five bits, the last filled with zeros. */
function toSymbols(value: Uint8Array): number[] {
  const symbols: number[] = []
  let pending = 0
  let bits = 0
  for (const octet of value) {
    pending = (pending << 8) | octet
    bits += 8
    while (bits >= 5) {
      bits -= 5
      symbols.push(pending >> bits)
      pending &= (1 << bits) - 1
    }
  }
  if (bits > 0) symbols.push(pending << (5 - bits))
  return symbols
}

/** Join groups of five bits into bytes, refusing any spelling but the canonical one. */
function fromSymbols(symbols: readonly number[]): Bytes {
  const value: number[] = []
  let pending = 0
  let bits = 0
  for (const symbol of symbols) {
    pending = (pending << 5) | symbol
    bits += 5
    if (bits >= 8) {
      bits -= 8
      value.push(pending >> bits)
      pending &= (1 << bits) - 1
    }
  }
  // Five bits or more would be a whole symbol too many; bits that are not zero
  // would be a second spelling.
  if (bits >= 5 || pending !== 0) {
    throw new KeyStringError('the last character of the key is not possible')
  }
  return Uint8Array.from(value)
}
