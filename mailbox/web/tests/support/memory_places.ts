/** Where tests write archives: in memory, and breakable. */
import type { ArchivePlaces } from '../../app/core_export.ts'
import { MemoryArchive } from '../../app/files/memory_archive.ts'
import { NoRoomError } from '../../lib/exchange/errors.ts'

export const MEMORY_PLACES: ArchivePlaces = {
  open: async () => new MemoryArchive(),
  copies: { hold: () => {}, delete: async () => {} },
}

/** A disk that takes so many bytes and no more. */
export class SmallDisk extends MemoryArchive {
  room: number
  isDiscarded = false

  constructor(room: number) {
    super()
    this.room = room
  }

  override async append(data: Blob): Promise<void> {
    this.room -= data.size
    if (this.room < 0) throw new NoRoomError('full')
    await super.append(data)
  }

  override async discard(): Promise<void> {
    this.isDiscarded = true
    await super.discard()
  }
}
