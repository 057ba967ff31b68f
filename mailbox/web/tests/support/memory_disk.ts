/** A page's private files (OPFS) in memory, as far as this page uses them, and breakable. */
import type { SyncAccessHandle } from '../../app/files/private_files.ts'

const EPOCH_MILLISECONDS = 1_000

class MemoryFile {
  bytes = new Uint8Array(0)
  /** Unix seconds. */
  changedAt = Date.now() / EPOCH_MILLISECONDS
  isOpen = false
  isReadable = true

  open(): SyncAccessHandle {
    if (this.isOpen) throw new DOMException('', 'NoModificationAllowedError')
    this.isOpen = true
    return {
      read: (into, { at }) => {
        const part = this.bytes.subarray(at, at + into.length)
        into.set(part)
        return part.length
      },
      write: (data, { at }) => {
        const bytes = new Uint8Array(Math.max(this.bytes.length, at + data.length))
        bytes.set(this.bytes)
        bytes.set(data, at)
        this.bytes = bytes
        return data.length
      },
      truncate: (length) => {
        this.bytes = this.bytes.slice(0, length)
      },
      getSize: () => this.bytes.length,
      close: () => {
        this.isOpen = false
      },
    }
  }
}

/** What a test puts on the disk, breaks, and looks at; `storage` is what the page sees. */
export class MemoryDisk {
  readonly #folders = new Map<string, Map<string, MemoryFile>>()
  /** How many bytes more the browser says it has. */
  room = Number.MAX_SAFE_INTEGER
  /** Deletions that fail before one succeeds. */
  refusals = 0

  put(
    folder: string,
    name: string,
    { length = 1, changedAt }: { length?: number; changedAt?: number } = {},
  ): MemoryFile {
    const file = new MemoryFile()
    file.bytes = new Uint8Array(length)
    if (changedAt !== undefined) file.changedAt = changedAt
    this.#files(folder).set(name, file)
    return file
  }

  names(folder: string): string[] {
    return [...this.#files(folder).keys()]
  }

  readonly storage = {
    estimate: async () => ({ usage: 0, quota: this.room }),
    getDirectory: async () => ({
      getDirectoryHandle: async (folder: string) => this.#directory(folder),
    }),
  }

  #files(folder: string): Map<string, MemoryFile> {
    const files = this.#folders.get(folder) ?? new Map<string, MemoryFile>()
    this.#folders.set(folder, files)
    return files
  }

  #directory(folder: string) {
    const files = this.#files(folder)
    return {
      getFileHandle: async (name: string) =>
        handleOf(name, files.get(name) ?? this.put(folder, name, { length: 0 })),
      removeEntry: async (name: string) => {
        if (this.refusals > 0) {
          this.refusals -= 1
          throw new DOMException('', 'InvalidModificationError')
        }
        if (files.get(name)?.isOpen) throw new DOMException('', 'NoModificationAllowedError')
        if (!files.delete(name)) throw new DOMException('', 'NotFoundError')
      },
      values: async function* () {
        for (const [name, file] of [...files]) yield handleOf(name, file)
      },
    }
  }
}

function handleOf(name: string, file: MemoryFile) {
  return {
    kind: 'file',
    name,
    getFile: async () => {
      if (!file.isReadable) throw new DOMException('', 'NotReadableError')
      return { lastModified: file.changedAt * EPOCH_MILLISECONDS }
    },
    createSyncAccessHandle: async () => file.open(),
  }
}
