import { describe, expect, test } from 'vitest'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { sha256 } from '../../lib/crypto/sha256.ts'
import { ContentsOpener } from '../../lib/exchange/contents_opener.ts'
import {
  ContentsRefusedError,
  GrantRefusedError,
  NotForMeError,
  RefusedError,
  ResealedByStrangerError,
  UnknownVersionError,
} from '../../lib/exchange/errors.ts'
import { Reader, resealCover, VerifiedCover } from '../../lib/exchange/sealed.ts'
import type { VerifiedContents } from '../../lib/exchange/verified_contents.ts'
import { parseOrigin } from '../../lib/keys/address.ts'
import { parseEnvelope } from '../../lib/keys/dsse.ts'
import { Identity } from '../../lib/keys/identity.ts'
import { parseFingerprint } from '../../lib/keys/public.ts'
import { readBase64 } from '../../lib/keys/values.ts'
import { hex, toHex } from '../support/hex.ts'
import { openSealed, questionOf } from '../support/open.ts'
import { readVectors, type Vector, vectorCases } from '../support/vectors.ts'

interface Body {
  readonly contents: string | null
  readonly cover: string
  readonly document_id: string
  readonly identities: readonly string[]
  readonly member: unknown
  readonly organisation: unknown
  readonly organisations: readonly string[]
  readonly origin: string
}

const identities = new Map<string, Identity>()

// Deriving one takes some milliseconds, and all vectors have the same few people.
function identity(root: string): Identity {
  const known = identities.get(root) ?? new Identity(hex(root))
  identities.set(root, known)
  return known
}

async function question(vector: Vector) {
  const body = vector.bodyJson() as Body
  const reader = new Reader({
    identities: body.identities.map(identity),
    origin: parseOrigin(body.origin),
    organisations: body.organisations.map(parseFingerprint),
    aead: await chacha20Poly1305(),
  })
  const statements = {
    organisation: parseEnvelope(body.organisation),
    member: parseEnvelope(body.member),
  }
  return { body, question: { reader, documentId: body.document_id, statements } }
}

async function openCover(vector: Vector): Promise<VerifiedCover> {
  const { body, question: asked } = await question(vector)
  return VerifiedCover.open(readBase64(body.cover), asked)
}

async function openContents(vector: Vector): Promise<VerifiedContents> {
  const { body, question: asked } = await question(vector)
  const cover = await VerifiedCover.open(readBase64(body.cover), asked)
  const sealed = readBase64(body.contents ?? '')
  return openSealed(cover, sealed, { aead: asked.reader.aead })
}

describe('a sealed document', () => {
  test.each(vectorCases('sealed-document', 'accept'))('%s', async (_name, vector) => {
    const cover = await openCover(vector)
    expect(cover.manifestHash).toBe(vector.text('manifest_hash'))
    expect(cover.effectiveRecipient).toBe(vector.text('effective_recipient'))
    expect(cover.grants).toHaveLength(vector.integer('grants'))
    if ((vector.bodyJson() as Body).contents === null) return
    const { files } = await openContents(vector)
    for (const [index, file] of files.entries()) {
      const { blob } = await file.read()
      const bytes = new Uint8Array(await blob.arrayBuffer())
      expect(bytes).toHaveLength(file.size)
      expect(toHex(await sha256(bytes))).toBe(vector.text(`file_${index + 1}`))
      expect(blob.type).toBe('')
    }
  })

  test.each(vectorCases('sealed-document', 'refuse'))('%s', async (_name, vector) => {
    if (vector.text('refused_at') === 'cover') {
      await expect(openCover(vector)).rejects.toBeInstanceOf(RefusedError)
    } else {
      await expect(openCover(vector)).resolves.toBeInstanceOf(VerifiedCover)
      await expect(openContents(vector)).rejects.toBeInstanceOf(ContentsRefusedError)
    }
  })

  test.each([
    ['cover-not-mine', NotForMeError],
    ['recipient-not-me', NotForMeError],
    ['cover-version-2', UnknownVersionError],
    ['manifest-version-2', UnknownVersionError],
    ['grant-version-2', UnknownVersionError],
    ['grant-by-a-stranger', ResealedByStrangerError],
    ['nine-grants', GrantRefusedError],
  ])('%s is refused with an error of its own', async (name, kind) => {
    await expect(openCover(find(name))).rejects.toBeInstanceOf(kind)
  })

  test('opens on every implementation of the cipher', async () => {
    const vector = find('whole')
    for (const backend of ['native', 'libsodium', 'noble'] as const) {
      const { body, question: asked } = await question(vector)
      const aead = await chacha20Poly1305(backend)
      const reader = new Reader({ ...asked.reader, aead })
      const cover = await VerifiedCover.open(readBase64(body.cover), { ...asked, reader })
      expect(cover.manifestHash).toBe(vector.text('manifest_hash'))
    }
  })

  test('prints nothing of the patient', async () => {
    const cover = await openCover(find('whole'))
    expect([String(cover), JSON.stringify(cover)]).toEqual(['…', '"…"'])
  })
})

describe('a cover that was re-sealed', () => {
  test('opens as its new owner, with one grant more, and no longer as the old one', async () => {
    const vector = find('for-the-claim-identity')
    const { question: asked } = await question(vector)
    const [account, claim] = asked.reader.identities
    if (account === undefined || claim === undefined) throw new Error('not the vector meant')
    const { aead } = asked.reader
    const cover = await openCover(vector)
    const sealed = await resealCover(cover, {
      signer: claim,
      to: account.public,
      reason: 'claim',
      now: 1_802_000_000,
      aead,
    })
    const again = await VerifiedCover.open(sealed, asked)
    expect(again.effectiveRecipient).toBe(account.public.fingerprint)
    expect(again.manifestHash).toBe(cover.manifestHash)
    expect(again.grants.map(({ reason }) => reason)).toEqual(['claim'])
    const old = new Reader({ ...asked.reader, identities: [claim] })
    const asOld = VerifiedCover.open(sealed, { ...asked, reader: old })
    await expect(asOld).rejects.toBeInstanceOf(NotForMeError)
  })

  test('is passed on only by whom it is for', async () => {
    const vector = find('whole')
    const { question: asked } = await question(vector)
    const cover = await openCover(vector)
    const stranger = new Identity(new Uint8Array(32).fill(9))
    const resealing = resealCover(cover, {
      signer: stranger,
      to: stranger.public,
      reason: 'share',
      now: 1_802_000_000,
      aead: asked.reader.aead,
    })
    await expect(resealing).rejects.toThrow(/not this identity/)
  })
})

describe('contents', () => {
  test('give nothing out before the last segment', async () => {
    const cover = await openCover(find('whole'))
    const opener = new ContentsOpener(questionOf(cover), { aead: await chacha20Poly1305() })
    await expect(opener.finish()).rejects.toBeInstanceOf(ContentsRefusedError)
  })

  test('are not gone on with after a refusal', async () => {
    const cover = await openCover(find('whole'))
    const opener = new ContentsOpener(questionOf(cover), { aead: await chacha20Poly1305() })
    await expect(opener.openNext(new Uint8Array(5))).rejects.toBeInstanceOf(ContentsRefusedError)
    await expect(opener.openNext(new Uint8Array(5))).rejects.toThrow(/were refused/)
    await expect(opener.finish()).rejects.toThrow(/were refused/)
  })
})

function find(name: string): Vector {
  const vector = readVectors('sealed-document').find(
    (candidate) => candidate.name === `sealed-document/${name}`,
  )
  if (vector === undefined) throw new Error(`no vector ${name}`)
  return vector
}
