/** A document's segments in a private file: whose room is asked for, and who has to go for it. */
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { KeptFile } from '../../app/files/kept_file.ts'
import { StoringReader } from '../../app/worker/storing_reader.ts'
import { HybridIdentity } from '../../lib/age/unwrap.ts'
import { ContentsRefusedError, NoRoomError } from '../../lib/exchange/errors.ts'
import { MemoryDisk } from '../support/memory_disk.ts'

const LENGTHS = { sealedLength: 100, copyLength: 80 }

let disk: MemoryDisk
beforeEach(() => {
  disk = new MemoryDisk()
  vi.stubGlobal('navigator', { storage: disk.storage })
  disk.put('sealed', 'another')
})

describe('a document', () => {
  test('that is all here needs no room, and takes none from others', async () => {
    disk.put('sealed', 'this', { length: 100 })
    disk.room = 0
    const file = await KeptFile.open('this', LENGTHS)
    expect(file.length).toBe(100)
    expect(disk.names('sealed')).toEqual(['another', 'this'])
  })

  test('that is half here keeps what it has when there is no room for more', async () => {
    disk.put('sealed', 'this', { length: 50 })
    disk.room = 129
    await expect(KeptFile.open('this', LENGTHS)).rejects.toBeInstanceOf(NoRoomError)
    expect(disk.names('sealed')).toEqual(['this'])
    disk.room = 130
    const file = await KeptFile.open('this', LENGTHS)
    expect(file.length).toBe(50)
  })

  test('that begins without room leaves no empty file', async () => {
    disk.room = 179
    await expect(KeptFile.open('this', LENGTHS)).rejects.toBeInstanceOf(NoRoomError)
    expect(disk.names('sealed')).toEqual([])
  })

  test('whose manifest has lengths of no document makes no room for them', async () => {
    disk.room = 0
    const sha256 = '00'.repeat(32)
    const reader = new StoringReader({
      createdAt: 1_750_000_000,
      documentKey: new HybridIdentity(new Uint8Array(32)),
      contents: {
        files: [{ name: 'a', mediaType: 'text/plain', size: 3, sha256 }],
        paddedLength: 2 ** 31,
        sealedLength: 2 ** 31,
        tarLength: 2 ** 31,
        treeHash: sha256,
      },
    })
    await expect(reader.begin(() => {})).rejects.toBeInstanceOf(ContentsRefusedError)
    expect(disk.names('sealed')).toEqual(['another'])
  })
})
