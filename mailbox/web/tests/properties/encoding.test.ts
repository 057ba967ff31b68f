/** Canonical JSON, framing and envelopes: one spelling per value, docs/specs/encoding.md. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, utf8 } from '../../lib/bytes.ts'
import {
  decodeCanonical,
  decodePadded,
  encodeCanonical,
  encodePadded,
  type JsonObject,
  type JsonValue,
} from '../../lib/keys/canonical.ts'
import {
  Envelope,
  PAYLOAD_TYPES,
  parseEnvelope,
  preAuthenticationEncoding,
} from '../../lib/keys/dsse.ts'
import { CanonicalError, EnvelopeError } from '../../lib/keys/errors.ts'
import { frame } from '../../lib/keys/framing.ts'
import { areSame, bytes, change, changed } from './arbitrary.ts'

const key = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/), fc.constant('payloadType'))

const UNASSIGNED = /\p{Cn}/u

// Written apart from the code's own lists, by what encoding.md §3 rule 3 says in words. Of
// Unicode's versions an engine knows only its own: true for what was there before 14.0.
function isAllowed(text: string): boolean {
  const hasForbidden = [...text].some((character) => {
    const code = character.codePointAt(0) ?? 0
    return (
      code <= 0x1f ||
      (code >= 0x7f && code <= 0x9f) ||
      [0x2028, 0x2029, 0x61c, 0x200e, 0x200f, 0xfeff].includes(code) ||
      (code >= 0x202a && code <= 0x202e) ||
      (code >= 0x2066 && code <= 0x2069) ||
      (code >= 0xd800 && code <= 0xdfff)
    )
  })
  return !hasForbidden && !UNASSIGNED.test(text) && text.normalize('NFC') === text
}

// Each end of each range, and its neighbours.
const edges = [
  ...[0x00, 0x1f, 0x7f, 0x9f, 0x61c, 0x200e, 0x200f, 0x2028, 0x2029],
  ...[0x202a, 0x202e, 0x2066, 0x2069, 0xd800, 0xdfff, 0xfeff],
].flatMap((code) => [code - 1, code, code + 1].filter((one) => one >= 0))

// Letters, syllables, ideographs and pictures that Unicode has had for decades.
const OLD = [
  ...[0x20, 0x7e, 0xa0, 0x377, 0x388, 0x52f, 0x5d0, 0x5ea, 0x1e00, 0x1eff],
  ...[0x3041, 0x30ff, 0x4e00, 0x9fa5, 0xac00, 0xd7a3, 0x1f300, 0x1f5ff, 0x20000, 0x2a6d6],
]
const oldCharacter = fc
  .tuple(fc.nat({ max: OLD.length / 2 - 1 }), fc.noBias(fc.nat()))
  .map(([range, at]) => {
    const [first = 0, last = 0] = OLD.slice(2 * range, 2 * range + 2)
    return String.fromCodePoint(first + (at % (last - first + 1)))
  })

const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', '\\', '/', '\u00e9', 'e', '\u0301'),
    fc.constantFrom(...edges.map((code) => String.fromCharCode(code))),
    oldCharacter,
  ),
  maxLength: 6,
})

const text = anyText.filter(isAllowed)
const leaf = fc.oneof(
  text,
  fc.maxSafeInteger(),
  fc.nat({ max: 9 }),
  fc.boolean(),
  fc.constant(null),
)

/** Values of at most so many containers inside each other. */
function jsonOf(depth: number): fc.Arbitrary<JsonValue> {
  if (depth === 0) return leaf
  const inner = jsonOf(depth - 1)
  return fc.oneof(leaf, fc.array(inner, { maxLength: 4 }), objectOf(inner))
}

function objectOf(inner: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonObject> {
  return fc
    .dictionary(key, inner, { maxKeys: 4 })
    .map((dictionary): JsonObject => Object.fromEntries(Object.entries(dictionary)))
}

const object = objectOf(jsonOf(3))

describe('canonical JSON', () => {
  function readsAsWritten(encoded: Uint8Array): boolean {
    let value: JsonObject
    try {
      value = decodeCanonical(encoded)
    } catch (failure) {
      expect(failure).toBeInstanceOf(CanonicalError)
      return false
    }
    expect(areSame(encodeCanonical(value), encoded)).toBe(true)
    return true
  }

  test('what is written is read back, and is JSON of the same value to anybody', () => {
    fc.assert(
      fc.property(object, (value) => {
        const encoded = encodeCanonical(value)
        expect(decodeCanonical(encoded)).toEqual(value)
        expect(JSON.parse(new TextDecoder().decode(encoded))).toEqual(value)
        expect(readsAsWritten(encoded)).toBe(true)
      }),
    )
  })

  test('the order in which keys were set changes nothing', () => {
    fc.assert(
      fc.property(object, (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse())
        expect(encodeCanonical(reversed)).toEqual(encodeCanonical(value))
      }),
    )
  })

  test('two values are never written alike', () => {
    fc.assert(
      fc.property(object, object, (one, other) => {
        const isSameValue = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
        expect(areSame(encodeCanonical(one), encodeCanonical(other))).toBe(isSameValue)
      }),
    )
  })

  test('a text is written if the rules allow it, and refused if not', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const encode = () => encodeCanonical({ value })
        if (isAllowed(value)) expect(decodeCanonical(encode())).toEqual({ value })
        else expect(encode).toThrow(CanonicalError)
      }),
      { numRuns: 1_000 },
    )
  })

  test('a text of any characters is refused, or the rules allow it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3 }), (value) => {
        let encoded: Bytes
        try {
          encoded = encodeCanonical({ value })
        } catch (failure) {
          // Newer than Unicode 14.0, or not allowed for a reason that is said here.
          expect(failure).toBeInstanceOf(CanonicalError)
          return
        }
        expect(isAllowed(value)).toBe(true)
        expect(decodeCanonical(encoded)).toEqual({ value })
      }),
      { numRuns: 1_000 },
    )
  })

  test('a number is written if it is an integer that both languages hold, and refused if not', () => {
    const number = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.constantFrom(-0, 2 ** 53, 1e21))
    fc.assert(
      fc.property(number, (value) => {
        const encode = () => encodeCanonical({ value })
        const isAllowedNumber = Number.isSafeInteger(value) && !Object.is(value, -0)
        if (isAllowedNumber) expect(decodeCanonical(encode())).toEqual({ value })
        else expect(encode).toThrow(CanonicalError)
      }),
      { numRuns: 300 },
    )
  })

  test('changed bytes are refused, or are the one spelling of something else', () => {
    let accepted = 0
    fc.assert(
      fc.property(object, fc.array(change, { minLength: 1, maxLength: 2 }), (value, done) => {
        if (readsAsWritten(done.reduce(changed, encodeCanonical(value)))) accepted += 1
      }),
      { numRuns: 1_000 },
    )
    expect(accepted).toBeGreaterThan(0)
  })

  // Pieces that JSON is made of, in any order: some of it other parsers take.
  const token = fc.constantFrom(
    ...['{', '}', '[', ']', ',', ':', '"a"', '"b"', '"\\u0061"', '"\\/"', '1', '01', '1.0', '-0'],
    ...['1e1', 'NaN', 'true', 'null', ' ', '\n', '\ufeff', '"é"', '"e\u0301"', '"__proto__"'],
  )

  test('pieces of JSON in any order are refused, or are the one spelling', () => {
    let accepted = 0
    const members = fc.array(fc.tuple(token, token), { maxLength: 2 })
    fc.assert(
      fc.property(members, fc.array(token, { maxLength: 3 }), (pairs, after) => {
        const inside = pairs.map(([name, value]) => `${name}:${value}`).join(',')
        if (readsAsWritten(utf8(`{${inside}}${after.join('')}`))) accepted += 1
      }),
      { numRuns: 2_000 },
    )
    expect(accepted).toBeGreaterThan(0)
  })

  test('padding has one length', () => {
    fc.assert(
      fc.property(object, fc.integer({ min: 1, max: 64 }), change, (value, multiple, damage) => {
        const padded = encodePadded(value, { multiple })
        expect(padded.length % multiple).toBe(0)
        expect(decodePadded(padded, { multiple })).toEqual(value)
        const damaged = changed(padded, damage)
        let read: JsonObject
        try {
          read = decodePadded(damaged, { multiple })
        } catch (failure) {
          expect(failure).toBeInstanceOf(CanonicalError)
          return
        }
        expect(areSame(encodePadded(read, { multiple }), damaged)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

describe('framing', () => {
  const purpose = fc.stringMatching(/^[\x20-\x7e]{1,10}$/).map((word) => `souspli/v1/${word}`)
  const items = fc.array(bytes({ maxLength: 12 }), { maxLength: 4 })

  /** Read frames as encoding.md §1 defines them; the code has no reader of its own. */
  function unframe(framed: Bytes): Bytes[] {
    const view = new DataView(framed.buffer)
    const read: Bytes[] = []
    for (let at = 0; at < framed.length; ) {
      const length = view.getUint32(at)
      read.push(framed.slice(at + 4, at + 4 + length))
      at += 4 + length
    }
    return read
  }

  test('what is framed can be taken apart again', () => {
    fc.assert(
      fc.property(purpose, items, (label, parts) => {
        expect(unframe(frame(label, ...parts))).toEqual([utf8(label), ...parts])
      }),
    )
  })

  test('a text is framed as its UTF-8', () => {
    fc.assert(
      fc.property(purpose, fc.string({ unit: 'grapheme' }), (label, word) => {
        expect(frame(label, word)).toEqual(frame(label, utf8(word)))
      }),
    )
  })

  test('two labels or lists of items never give the same bytes', () => {
    fc.assert(
      fc.property(purpose, items, purpose, items, (label, parts, otherLabel, otherParts) => {
        const isSame = JSON.stringify([label, parts]) === JSON.stringify([otherLabel, otherParts])
        const frames = [frame(label, ...parts), frame(otherLabel, ...otherParts)] as const
        expect(areSame(...frames)).toBe(isSame)
      }),
    )
  })
})

describe('an envelope', () => {
  const envelope = fc
    .record({
      payloadType: fc.constantFrom(...PAYLOAD_TYPES),
      payload: bytes({ maxLength: 200 }),
      ed25519: bytes({ minLength: 64, maxLength: 64 }),
      mlDsa65: fc.nat({ max: 255 }).map((octet) => new Uint8Array(3_309).fill(octet)),
    })
    .map((parts) => new Envelope(parts))

  test('is read back from what is written', () => {
    fc.assert(
      fc.property(envelope, (one) => {
        const written = encodeCanonical(one.toJSON())
        expect(parseEnvelope(decodeCanonical(written))).toEqual(one)
      }),
      { numRuns: 30 },
    )
  })

  test('that was changed is refused, or is the one spelling of something else', () => {
    fc.assert(
      fc.property(envelope, change, (one, damage) => {
        const damaged = changed(encodeCanonical(one.toJSON()), damage)
        let value: JsonObject
        try {
          value = decodeCanonical(damaged)
        } catch {
          return // said above
        }
        let read: Envelope
        try {
          read = parseEnvelope(value)
        } catch (failure) {
          expect(failure).toBeInstanceOf(EnvelopeError)
          return
        }
        expect(areSame(encodeCanonical(read.toJSON()), damaged)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  test('has signed bytes that no other type or payload has', () => {
    fc.assert(
      fc.property(envelope, envelope, (one, other) => {
        const isSame = one.payloadType === other.payloadType && areSame(one.payload, other.payload)
        const signed = (of: Envelope) => preAuthenticationEncoding(of.payloadType, of.payload)
        expect(areSame(signed(one), signed(other))).toBe(isSame)
      }),
    )
  })
})

/** Return the value with its keys in one order, at every depth. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([name, item]) => [name, sorted(item)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
