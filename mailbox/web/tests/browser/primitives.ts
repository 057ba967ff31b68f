/**
 * The page's primitives, as a script for tests in a real browser to call.
 *
 * It says what came out and judges nothing: tests/e2e/test_primitives.py does, which has
 * the vectors. Bytes go in and out in hexadecimal.
 */
import { AEAD_BACKENDS, type AeadBackend } from '../../lib/crypto/aead.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { sha256, sha256Sync } from '../../lib/crypto/sha256.ts'
import { openXChaCha20Poly1305, sealXChaCha20Poly1305 } from '../../lib/crypto/xchacha20poly1305.ts'
import { decodeHex, encodeHex } from '../../lib/keys/values.ts'

interface AeadQuestion {
  readonly key: string
  readonly nonce: string
  readonly additional: string
  readonly plaintext: string
  readonly sealed: string
}

/** What came out of both directions: hexadecimal, or the name of the error's type. */
interface AeadAnswer {
  readonly opened: string
  readonly sealed: string
}

async function answer(work: () => Uint8Array | Promise<Uint8Array>): Promise<string> {
  try {
    return encodeHex(await work())
  } catch (failure) {
    return failure instanceof Error ? failure.name : 'no error at all'
  }
}

function read(question: AeadQuestion) {
  const bytes = (text: string) => decodeHex(text, { length: text.length / 2 })
  const { key, nonce, additional, plaintext, sealed } = question
  return {
    key: bytes(key),
    nonce: bytes(nonce),
    additionalData: bytes(additional),
    plaintext: bytes(plaintext),
    sealed: bytes(sealed),
  }
}

async function askAead(backend: AeadBackend, question: AeadQuestion): Promise<AeadAnswer> {
  const { key, nonce, additionalData, plaintext, sealed } = read(question)
  const cipher = await (await chacha20Poly1305(backend)).withKey(key)
  return {
    opened: await answer(() => cipher.open(nonce, sealed, additionalData)),
    sealed: await answer(() => cipher.seal(nonce, plaintext, additionalData)),
  }
}

async function askXChaCha(question: AeadQuestion): Promise<AeadAnswer> {
  const { plaintext, sealed, ...parameters } = read(question)
  return {
    opened: await answer(() => openXChaCha20Poly1305(sealed, parameters)),
    sealed: await answer(() => sealXChaCha20Poly1305(plaintext, parameters)),
  }
}

const primitives = {
  backends: AEAD_BACKENDS,
  chosen: async () => (await chacha20Poly1305()).backend,
  aead: (backend: AeadBackend, questions: readonly AeadQuestion[]) =>
    Promise.all(questions.map((question) => askAead(backend, question))),
  xchacha: (questions: readonly AeadQuestion[]) => Promise.all(questions.map(askXChaCha)),
  sha256: (texts: readonly string[]) =>
    Promise.all(
      texts.map(async (text) => {
        const value = decodeHex(text, { length: text.length / 2 })
        return [encodeHex(await sha256(value)), encodeHex(sha256Sync(value))]
      }),
    ),
}

Object.assign(globalThis, { primitives })
