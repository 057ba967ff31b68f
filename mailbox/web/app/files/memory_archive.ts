/** An archive in memory: for short ones, and where there are no private files. */
import type { ArchivePlace } from '../../lib/exchange/archive.ts'
import type { ReadFile } from '../../lib/exchange/contents_reader.ts'

/** Browsers keep blobs outside the page's own memory, and move them to the disk if they must. */
export class MemoryArchive implements ArchivePlace {
  #parts: Blob[] = []

  async append(data: Blob): Promise<void> {
    this.#parts.push(data)
  }

  async cut(length: number): Promise<void> {
    this.#parts = [new Blob(this.#parts).slice(0, length)]
  }

  async finish(): Promise<ReadFile> {
    const blob = new Blob(this.#parts)
    this.#parts = []
    return { blob, copy: null }
  }

  async discard(): Promise<void> {
    this.#parts = []
  }
}
