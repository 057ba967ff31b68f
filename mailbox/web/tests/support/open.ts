/** Sealed contents that lie here in memory, opened as a page opens them. */
import type { Bytes } from '../../lib/bytes.ts'
import type { Aead } from '../../lib/crypto/aead.ts'
import type { ContentsQuestion } from '../../lib/exchange/contents_opener.ts'
import { PageReader } from '../../lib/exchange/contents_reader.ts'
import type { VerifiedCover } from '../../lib/exchange/sealed.ts'
import { VerifiedContents, type VerifiedFile } from '../../lib/exchange/verified_contents.ts'

/** Return the question that a cover asks of whoever opens its contents. */
export function questionOf(cover: VerifiedCover): ContentsQuestion {
  const { contents, createdAt } = cover.manifest
  return { contents, createdAt, documentKey: cover.secretDocumentKey() }
}

/** Return the verified contents; what was added behind the last segment comes with it. */
export function openSealed(
  cover: VerifiedCover,
  sealed: Bytes,
  { aead }: { aead: Aead },
): Promise<VerifiedContents> {
  return VerifiedContents.collect(cover, {
    startReader: (question) => new PageReader(question, { aead }),
    fetch: async ({ start, end }) => {
      const isLast = end === cover.manifest.contents.sealedLength
      return sealed.slice(start, isLast ? undefined : end)
    },
    report: () => {},
    signal: new AbortController().signal,
  })
}

/** Return the bytes of a verified file. */
export async function bytesOf(file: VerifiedFile | undefined): Promise<Bytes> {
  if (file === undefined) throw new Error('no such file')
  const { blob } = await file.read()
  return new Uint8Array(await blob.arrayBuffer())
}
