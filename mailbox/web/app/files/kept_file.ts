/** Sealed segments in a private file: `KeptSegments` for a worker. */
import type { ByteRange } from '../../lib/age/lengths.ts'
import type { Bytes } from '../../lib/bytes.ts'
import { NoRoomError } from '../../lib/exchange/errors.ts'
import type { KeptSegments } from '../../lib/exchange/kept_segments.ts'
import {
  deleteFile,
  deleteFiles,
  hasRoomFor,
  openFile,
  type SyncAccessHandle,
  storing,
} from './private_files.ts'

/** One document's segments, held by one worker until `close` or `remove`. */
export class KeptFile implements KeptSegments {
  readonly #name: string
  readonly #handle: SyncAccessHandle
  #room: Bytes = new Uint8Array(0)
  length: number

  private constructor(name: string, handle: SyncAccessHandle) {
    this.#name = name
    this.#handle = handle
    this.length = handle.getSize()
  }

  /**
   * Open the segments called `name`, `sealedLength` bytes when they are complete; while they
   * are not, with room for them and `copyLength` bytes more.
   *
   * Other documents' segments make room if they must: they can come again. Raises
   * NoStorageError, NoRoomError, OpenElsewhereError.
   */
  static async open(
    name: string,
    { sealedLength, copyLength }: { sealedLength: number; copyLength: number },
  ): Promise<KeptFile> {
    const file = new KeptFile(name, await openFile('sealed', name))
    // All are here: it may only be read, and a copy that nobody asked for needs no room.
    if (file.length >= sealedLength) return file
    const missing = sealedLength + copyLength - file.length
    if (await hasRoomFor(missing)) return file
    await deleteFiles('sealed', (other) => other.name !== name)
    if (await hasRoomFor(missing)) return file
    // What has come stays for when there is room again.
    if (file.length > 0) file.close()
    else await file.remove()
    throw new NoRoomError('the browser has not enough room for this document')
  }

  async read({ start, end }: ByteRange): Promise<Bytes> {
    // One piece of memory for all segments: new one for each costs more than reading.
    if (this.#room.length < end - start) this.#room = new Uint8Array(end - start)
    const sealed = this.#room.subarray(0, end - start)
    const count = await storing(() => this.#handle.read(sealed, { at: start }))
    return sealed.subarray(0, count)
  }

  async append(sealed: Bytes): Promise<void> {
    await storing(() => writeAll(this.#handle, sealed, this.length))
    this.length += sealed.length
  }

  async cut(length: number): Promise<void> {
    await storing(() => this.#handle.truncate(length))
    this.length = length
  }

  /** Let go of the file; it stays for another visit. */
  close(): void {
    this.#handle.close()
  }

  /** Delete the file. */
  async remove(): Promise<void> {
    this.#handle.close()
    await deleteFile('sealed', this.#name)
  }
}

/** Write all of `data`: a disk that is full may take a part and say nothing else. */
export function writeAll(handle: SyncAccessHandle, data: Uint8Array, at: number): void {
  if (handle.write(data, { at }) !== data.length) throw new NoRoomError('the disk is full')
}
