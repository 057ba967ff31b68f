/** A cipher that fails for reasons of its own: no memory, a browser that is closing the tab. */
import { expect, test } from 'vitest'
import { PayloadDecryptor } from '../../lib/age/decryptor.ts'
import { AgeError, ChunkSealedTwiceError, PayloadError } from '../../lib/age/errors.ts'
import { FileKey } from '../../lib/age/filekey.ts'
import { CHUNK_BYTES, SEALED_CHUNK_BYTES, TAG_BYTES } from '../../lib/age/lengths.ts'
import { PayloadOpener, PayloadSealer } from '../../lib/age/stream.ts'
import type { Aead, AeadKey } from '../../lib/crypto/aead.ts'
import { AuthenticationError } from '../../lib/crypto/errors.ts'

class NoMemory extends Error {}

const fileKey = FileKey.generate()
const NONCE = new Uint8Array(16)
const FIRST = { firstChunkIndex: 0, last: false }

/** Return a cipher whose calls do what these functions do with the index of a chunk. */
function cipher(work: { [Method in 'seal' | 'open']?: (index: number) => Promise<void> }): Aead {
  const indexOf = (nonce: Uint8Array) => (nonce[9] ?? 0) * 256 + (nonce[10] ?? 0)
  const key: AeadKey = {
    seal: async (nonce, plaintext) => {
      await work.seal?.(indexOf(nonce))
      return new Uint8Array(plaintext.length + TAG_BYTES)
    },
    open: async (nonce, ciphertext) => {
      await work.open?.(indexOf(nonce))
      return new Uint8Array(ciphertext.length - TAG_BYTES)
    },
  }
  return { backend: 'noble', withKey: async () => key }
}

const failing = async () => {
  throw new NoMemory('no memory')
}

test('a cipher that has no memory does not make a payload damaged', async () => {
  const opener = await PayloadOpener.create(fileKey, NONCE, cipher({ open: failing }))
  const sealed = new Uint8Array(SEALED_CHUNK_BYTES)
  const failure = await opener.openSegment(sealed, FIRST).catch((thrown: unknown) => thrown)
  expect(failure).toBeInstanceOf(NoMemory)
  expect(failure).not.toBeInstanceOf(AgeError)
})

test('a decryptor whose cipher has no memory does not try the chunk as another, and stays failed', async () => {
  const tries: number[] = []
  const open = async (index: number) => {
    tries.push(index)
    if (index === 1) await failing()
  }
  const opener = await PayloadOpener.create(fileKey, NONCE, cipher({ open }))
  const decryptor = new PayloadDecryptor(opener)
  expect(await decryptor.receive(new Uint8Array(2 * SEALED_CHUNK_BYTES))).toHaveLength(CHUNK_BYTES)
  await expect(decryptor.receive(new Uint8Array(9))).rejects.toBeInstanceOf(NoMemory)
  await expect(decryptor.finish()).rejects.toBeInstanceOf(NoMemory)
  expect(tries).toEqual([0, 1])
})

test('chunks whose sealing failed are never sealed again: how far the cipher came is not known', async () => {
  const sealer = await PayloadSealer.create(fileKey, cipher({ seal: failing }))
  const chunk = new Uint8Array(CHUNK_BYTES)
  await expect(sealer.sealSegment(chunk, FIRST)).rejects.toBeInstanceOf(NoMemory)
  await expect(sealer.sealSegment(chunk, FIRST)).rejects.toBeInstanceOf(ChunkSealedTwiceError)
})

test('a run fails only once all of its chunks have ended: none writes after that', async () => {
  let ended = 0
  const open = async (index: number) => {
    if (index === 0) throw new AuthenticationError('not what was sealed')
    // Long after the first one has failed.
    await new Promise((resolve) => setTimeout(resolve, 20))
    ended += 1
  }
  const opener = await PayloadOpener.create(fileKey, NONCE, cipher({ open }))
  const opening = opener.openSegment(new Uint8Array(3 * SEALED_CHUNK_BYTES), FIRST)
  await expect(opening).rejects.toBeInstanceOf(PayloadError)
  expect(ended).toBe(2)
})

test('no more chunks are at work at once than a segment has', async () => {
  let atWork = 0
  let most = 0
  const open = async () => {
    atWork += 1
    most = Math.max(most, atWork)
    await Promise.resolve()
    atWork -= 1
  }
  const opener = await PayloadOpener.create(fileKey, NONCE, cipher({ open }))
  await opener.openSegment(new Uint8Array(300 * SEALED_CHUNK_BYTES), FIRST)
  expect(most).toBe(128)
})

test('a full chunk is tried as one in between and as the final one, a short one as final only', async () => {
  const tries: number[] = []
  const open = async (index: number) => {
    tries.push(index)
    throw new AuthenticationError('not what was sealed')
  }
  const opener = await PayloadOpener.create(fileKey, NONCE, cipher({ open }))
  const full = new PayloadDecryptor(opener)
  await expect(full.receive(new Uint8Array(SEALED_CHUNK_BYTES))).rejects.toBeInstanceOf(
    PayloadError,
  )
  // Once as a chunk in between, once as the final one; never more.
  expect(tries).toEqual([0, 0])
  const short = new PayloadDecryptor(opener)
  await short.receive(new Uint8Array(SEALED_CHUNK_BYTES - 1))
  await expect(short.finish()).rejects.toBeInstanceOf(PayloadError)
  expect(tries).toEqual([0, 0, 0])
})
