/**
 * What documents are called in an export: a folder each, and the folder of its proofs.
 *
 * export.md §2.
 */
import { utf8 } from '../bytes.ts'
import { fold, safeName, safeNames } from './filenames.ts'
import type { VerifiedCover } from './sealed.ts'

// Windows' Explorer takes paths of 259 characters: a folder's name leaves more than 100 of
// them for a file's, inside a folder of the person's downloads.
const MAX_SENDER_BYTES = 32
const MAX_TITLE_BYTES = 56

const PROOFS = 'souspli'

/** Gives each document of one export a folder that no other one has. */
export class FolderNames {
  readonly #taken = new Set<string>()

  /** Return the next free name for this document: `2026-11-12 Laboratoire X - Bilan`. */
  take({ manifest, sender }: VerifiedCover): string {
    const { date, title } = manifest.document
    const from = cut(sender.organisation.name, MAX_SENDER_BYTES)
    const name = safeName(`${date} ${from} - ${cut(title, MAX_TITLE_BYTES)}`)
    let candidate = name
    for (let number = 2; this.#taken.has(fold(candidate)); number += 1) {
      candidate = `${name} (${number})`
    }
    this.#taken.add(fold(candidate))
    return candidate
  }
}

/** Return what the folder of proofs is called beside files with these safe names. */
export function proofsFolder(files: readonly string[]): string {
  // A sender may call a file so: it keeps its name.
  return safeNames([...files, PROOFS]).at(-1) ?? PROOFS
}

/** Return as many whole characters of `text` as have so many bytes of UTF-8. */
function cut(text: string, most: number): string {
  let kept = ''
  for (const next of text) {
    if (utf8(kept + next).length > most) break
    kept += next
  }
  return kept.trimEnd()
}
