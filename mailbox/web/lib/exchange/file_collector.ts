/** The files' bytes as they come out of the segments: each file's own hash, and its blob. */
import { type Bytes, concatBytes } from '../bytes.ts'
import { sha256 } from '../crypto/sha256.ts'
import { encodeHex } from '../keys/values.ts'
import { ContentsRefusedError } from './errors.ts'
import type { ContentsFile } from './manifest.ts'

interface Collected {
  parts: Uint8Array[]
  blobs: Blob[]
  length: number
}

/**
 * Checks each file against the hash that its manifest has of it.
 *
 * The platform hashes in one piece, so the bytes of a file with a hash are held until it
 * is complete: 64 MiB at most, of one file at a time. `keep` makes blobs of all files;
 * without it nothing is held longer than that.
 */
export class FileCollector {
  readonly #files: readonly ContentsFile[]
  readonly #keep: boolean
  readonly #collected = new Map<number, Collected>()
  readonly #blobs: (Blob | null)[]
  #next = 0 // all files before this one are complete, and right

  constructor(files: readonly ContentsFile[], { keep }: { keep: boolean }) {
    this.#files = files
    this.#keep = keep
    this.#blobs = files.map(() => null)
  }

  /** Take a copy of some bytes of a file, if they are needed. Files and bytes in order. */
  add(fileIndex: number, data: Uint8Array): void {
    const collected = this.#of(fileIndex)
    collected.length += data.length
    if (this.#files[fileIndex]?.sha256 !== null) collected.parts.push(data.slice())
    // A blob holds a copy, and browsers move it to the disk when there are many.
    else if (this.#keep) collected.blobs.push(new Blob([concatBytes(data)]))
  }

  /** Check the files that are complete now. Raises ContentsRefusedError at a wrong hash. */
  async settle(): Promise<void> {
    for (; this.#next < this.#files.length; this.#next += 1) {
      const file = this.#files[this.#next]
      const collected = this.#of(this.#next)
      if (file === undefined || collected.length < file.size) return
      if (file.sha256 !== null) {
        const bytes = concatBytes(...collected.parts)
        await checkHash(bytes, file.sha256)
        if (this.#keep) collected.blobs.push(new Blob([bytes]))
      }
      if (this.#keep) this.#blobs[this.#next] = new Blob(collected.blobs)
      this.#collected.delete(this.#next)
    }
  }

  /** Return a blob for each file if they are kept, all of them checked; null if not. */
  blobs(): readonly (Blob | null)[] {
    if (this.#next < this.#files.length) throw new ContentsRefusedError('a file is incomplete')
    return this.#blobs
  }

  #of(fileIndex: number): Collected {
    let collected = this.#collected.get(fileIndex)
    if (collected === undefined) {
      collected = { parts: [], blobs: [], length: 0 }
      this.#collected.set(fileIndex, collected)
    }
    return collected
  }
}

async function checkHash(bytes: Bytes, expected: string): Promise<void> {
  if (encodeHex(await sha256(bytes)) !== expected) {
    throw new ContentsRefusedError('a file is not the one that was signed')
  }
}
