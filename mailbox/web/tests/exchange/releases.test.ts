/** Whatever a release has sealed, today's page opens (tests/releases/README.md). */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../lib/bytes.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { Reader, VerifiedCover } from '../../lib/exchange/sealed.ts'
import { parseOrigin } from '../../lib/keys/address.ts'
import { parseEnvelope } from '../../lib/keys/dsse.ts'
import { Identity } from '../../lib/keys/identity.ts'
import { parseFingerprint } from '../../lib/keys/public.ts'
import { hex, toHex } from '../support/hex.ts'
import { bytesOf, openSealed } from '../support/open.ts'

interface Facts {
  readonly origin: string
  readonly practice: {
    readonly member: unknown
    readonly member_root: string
    readonly organisation: unknown
    readonly organisation_fingerprint: string
  }
  readonly patients: Readonly<Record<string, { readonly identity_roots: readonly string[] }>>
  readonly document: {
    readonly document_id: string
    readonly title: string
    readonly read_as: string
    readonly files: Readonly<Record<string, string>>
  }
}

const FOLDER = fileURLToPath(new URL('../../../../tests/releases/', import.meta.url))
const NAMES = readdirSync(FOLDER).filter((name) => existsSync(`${FOLDER}${name}/facts.json`))

function read(release: string, name: string): Bytes {
  return Uint8Array.from(readFileSync(`${FOLDER}${release}/${name}`))
}

function readFacts(release: string): Facts {
  return JSON.parse(readFileSync(`${FOLDER}${release}/facts.json`, 'utf8')) as Facts
}

async function openCover(release: string, name: string, roots: readonly string[]) {
  const { document, origin, practice } = readFacts(release)
  const reader = new Reader({
    identities: roots.map((root) => new Identity(hex(root))),
    origin: parseOrigin(origin),
    organisations: [parseFingerprint(practice.organisation_fingerprint)],
    aead: await chacha20Poly1305(),
  })
  const statements = {
    organisation: parseEnvelope(practice.organisation),
    member: parseEnvelope(practice.member),
  }
  const question = { reader, documentId: document.document_id, statements }
  return VerifiedCover.open(read(release, name), question)
}

/** Names, as the sender wrote them, and bytes in hexadecimal. */
async function openFiles(release: string, cover: VerifiedCover): Promise<Record<string, string>> {
  const sealed = read(release, 'contents.age')
  const { files } = await openSealed(cover, sealed, { aead: await chacha20Poly1305() })
  const contents = files.map(async (file) => toHex(await bytesOf(file)))
  const names = cover.manifest.contents.files.map(({ name }) => name)
  const bytes = await Promise.all(contents)
  return Object.fromEntries(names.map((name, index) => [name, bytes[index] ?? '']))
}

test('there is a release to read', () => {
  expect(NAMES).toContain('0.1.0')
})

describe.each(NAMES)('the sealed document of release %s', (release) => {
  const { document, patients, practice } = readFacts(release)

  test('opens for the patient', async () => {
    const roots = patients[document.read_as]?.identity_roots ?? []
    const cover = await openCover(release, 'cover.age', roots)
    expect(cover.manifest.document.title).toBe(document.title)
    expect(await openFiles(release, cover)).toEqual(document.files)
  })

  test('opens for its sender', async () => {
    const cover = await openCover(release, 'sender_cover.age', [practice.member_root])
    expect(await openFiles(release, cover)).toEqual(document.files)
  })
})
