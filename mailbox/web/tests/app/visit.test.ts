/** When private files are deleted; the locks are the real ones, the disk is in memory. */
import { beforeEach, expect, test, vi } from 'vitest'
import { beginVisit } from '../../app/files/visit.ts'
import { MemoryDisk } from '../support/memory_disk.ts'

const OPEN_WINDOWS = 'souspli-open-windows'
const { locks } = navigator

let disk: MemoryDisk
beforeEach(() => {
  disk = new MemoryDisk()
})

async function windowsOpen(): Promise<number> {
  const { held = [] } = await locks.query()
  return held.filter(({ name }) => name === OPEN_WINDOWS).length
}

test('a file that can not be read keeps no other one, and the window is counted', async () => {
  vi.stubGlobal('navigator', { locks, storage: disk.storage })
  disk.put('copies', 'unreadable').isReadable = false
  disk.put('copies', 'readable')
  disk.put('sealed', 'old', { changedAt: 0 })
  disk.put('sealed', 'new')
  await beginVisit()
  expect(disk.names('copies')).toEqual([])
  expect(disk.names('sealed')).toEqual(['new'])
  await vi.waitFor(async () => expect(await windowsOpen()).toBe(1))
})

test('a window that could not clear anything is counted all the same', async () => {
  const broken = {
    getDirectory: async () => Promise.reject(new DOMException('', 'NotAllowedError')),
  }
  vi.stubGlobal('navigator', { locks, storage: broken })
  const before = await windowsOpen()
  await beginVisit().catch(() => {})
  await vi.waitFor(async () => expect(await windowsOpen()).toBe(before + 1))
})
