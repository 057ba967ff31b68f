import { afterEach, expect, test, vi } from 'vitest'

// A fresh copy of the module each time, since it remembers what it found. Its errors are
// fresh copies of their classes too.
async function freshCopy() {
  vi.resetModules()
  const { chacha20Poly1305 } = await import('../../lib/crypto/chacha20poly1305.ts')
  const { BackendUnavailableError } = await import('../../lib/crypto/errors.ts')
  return { chacha20Poly1305, BackendUnavailableError }
}

afterEach(() => {
  vi.restoreAllMocks()
})

test('the choice falls on the native cipher where there is one', async () => {
  const { chacha20Poly1305 } = await freshCopy()
  expect((await chacha20Poly1305()).backend).toBe('native')
})

// What a browser does whose WebCrypto is a few versions old.
function anOlderBrowser() {
  const refusal = new DOMException('unrecognised algorithm', 'NotSupportedError')
  vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(refusal)
}

test('the choice falls on libsodium in a browser without the native cipher', async () => {
  anOlderBrowser()
  const { chacha20Poly1305 } = await freshCopy()
  expect((await chacha20Poly1305()).backend).toBe('libsodium')
})

test('the choice passes over a native cipher that computes something else', async () => {
  vi.spyOn(crypto.subtle, 'encrypt').mockResolvedValue(new ArrayBuffer(16))
  const { chacha20Poly1305 } = await freshCopy()
  expect((await chacha20Poly1305()).backend).toBe('libsodium')
})

test('what is forced and not there is refused, never replaced', async () => {
  anOlderBrowser()
  const { chacha20Poly1305, BackendUnavailableError } = await freshCopy()
  await expect(chacha20Poly1305('native')).rejects.toBeInstanceOf(BackendUnavailableError)
})

test('what could not be had is asked for again', async () => {
  anOlderBrowser()
  const { chacha20Poly1305, BackendUnavailableError } = await freshCopy()
  await expect(chacha20Poly1305('native')).rejects.toBeInstanceOf(BackendUnavailableError)
  vi.restoreAllMocks()
  expect((await chacha20Poly1305('native')).backend).toBe('native')
})
