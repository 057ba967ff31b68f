/** An archive in a private file, plaintext: only ever in a worker. */
import { writeAll } from './kept_file.ts'
import { openFile, type SyncAccessHandle, storing } from './private_files.ts'

// 8 MiB, as much as a segment: memory stays the same however long a file is.
const PIECE_BYTES = 8_388_608

/** Held by one worker until `close`, or until the worker is ended. */
export class ArchiveFile {
  readonly #handle: SyncAccessHandle
  #length = 0

  private constructor(handle: SyncAccessHandle) {
    this.#handle = handle
  }

  /** Make the file. Raises NoStorageError, NoRoomError. */
  static async open(name: string): Promise<ArchiveFile> {
    return new ArchiveFile(await openFile('copies', name))
  }

  /** Raises NoRoomError when the disk is full; a part may be written then. */
  async append(data: Blob): Promise<void> {
    for (let start = 0; start < data.size; start += PIECE_BYTES) {
      const piece = new Uint8Array(await data.slice(start, start + PIECE_BYTES).arrayBuffer())
      await storing(() => writeAll(this.#handle, piece, this.#length))
      this.#length += piece.length
    }
  }

  async cut(length: number): Promise<void> {
    await storing(() => this.#handle.truncate(length))
    this.#length = length
  }

  close(): void {
    this.#handle.close()
  }
}
