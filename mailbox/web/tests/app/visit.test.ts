/** When private files are deleted; the locks are the real ones, the disk is in memory. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MemoryDisk } from '../support/memory_disk.ts'

const MINUTE_MS = 60_000
const OPEN_WINDOWS = 'souspli-open-windows'
const { locks } = navigator

let disk: MemoryDisk
let page: EventTarget
let visit: typeof import('../../app/files/visit.ts')
let handed: typeof import('../../app/files/handed_copies.ts')

let tests = 0
beforeEach(async () => {
  disk = new MemoryDisk()
  page = new EventTarget()
  tests += 1
  vi.stubGlobal('navigator', { locks: ownLocks(`test ${tests}: `), storage: disk.storage })
  vi.stubGlobal('window', page)
  vi.stubGlobal('document', page)
  // What a window has handed over is known to that window.
  vi.resetModules()
  visit = await import('../../app/files/visit.ts')
  handed = await import('../../app/files/handed_copies.ts')
})

afterEach(() => {
  vi.useRealTimers()
})

/** The locks of one test: those of a window last as long as this process. */
function ownLocks(mark: string): Pick<LockManager, 'request' | 'query'> {
  const request = (name: string, ...rest: [never, never]) => locks.request(mark + name, ...rest)
  return {
    request: request as LockManager['request'],
    query: async () => {
      const { held = [] } = await locks.query()
      const own = held.filter(({ name }) => name?.startsWith(mark))
      return { held: own.map((lock) => ({ ...lock, name: lock.name?.slice(mark.length) ?? '' })) }
    },
  }
}

async function openWindows(count: number): Promise<void> {
  await vi.waitFor(async () => {
    const { held = [] } = await navigator.locks.query()
    expect(held.map(({ name }) => name)).toEqual(Array(count).fill(OPEN_WINDOWS))
  })
}

function hour(ago: number): { changedAt: number } {
  return { changedAt: Date.now() / 1_000 - ago * 3_600 }
}

describe('a visit', () => {
  test('is not stopped by a file that can not be read', async () => {
    disk.put('copies', 'unreadable').isReadable = false
    disk.put('copies', 'readable')
    disk.put('sealed', 'old', hour(25))
    disk.put('sealed', 'new', hour(23))
    await visit.beginVisit()
    expect(disk.names('copies')).toEqual([])
    expect(disk.names('sealed')).toEqual(['new'])
    await openWindows(1)
  })

  test('waits for what a worker that was just ended still holds', async () => {
    const archive = disk.put('copies', 'archive').open()
    const begun = visit.beginVisit()
    setTimeout(() => archive.close(), 300)
    await begun
    expect(disk.names('copies')).toEqual([])
    await openWindows(1)
  })

  test('is counted when nothing could be cleared', async () => {
    disk.storage.getDirectory = async () => Promise.reject(new DOMException('', 'NotAllowedError'))
    await expect(visit.beginVisit()).rejects.toBeInstanceOf(DOMException)
    await openWindows(1)
  })
})

describe('what a closed window left', () => {
  beforeEach(async () => {
    await visit.beginVisit()
    await openWindows(1)
    disk.put('copies', 'left', hour(1))
    disk.put('copies', 'just-written')
    disk.put('copies', 'being-saved', hour(1))
    disk.put('copies', 'being-read', hour(1))
    handed.holdCopy('being-read')
    void handed.deleteCopyAfter('being-saved', MINUTE_MS)
  })

  test('goes when the only other one is looked at, and nothing that is being saved', async () => {
    page.dispatchEvent(new Event('visibilitychange'))
    await vi.waitFor(() =>
      expect(disk.names('copies')).toEqual(['just-written', 'being-saved', 'being-read']),
    )
  })

  test('goes when the person signs out in the only other one', async () => {
    disk.put('sealed', 'segments')
    await visit.endVisit()
    expect(disk.names('copies')).toEqual(['just-written', 'being-saved', 'being-read'])
    expect(disk.names('sealed')).toEqual([])
  })

  test('stays while two are open: it may be the other one’s', async () => {
    void navigator.locks.request(OPEN_WINDOWS, { mode: 'shared' }, () => new Promise(() => {}))
    await openWindows(2)
    await visit.endVisit()
    expect(disk.names('copies')).toEqual(['left', 'just-written', 'being-saved', 'being-read'])
  })
})

test('a copy that was held is not kept from anybody once it is deleted', async () => {
  await visit.beginVisit()
  disk.put('copies', 'copy')
  handed.holdCopy('copy')
  expect(handed.isNeeded('copy')).toBe(true)
  await handed.deleteHeldCopy('copy')
  expect(disk.names('copies')).toEqual([])
  expect(handed.isNeeded('copy')).toBe(false)
})

describe('a copy that was handed over', () => {
  beforeEach(async () => {
    await visit.beginVisit()
    vi.useFakeTimers()
    disk.put('copies', 'copy')
  })

  test('is deleted when its time is over, at the fourth try too', async () => {
    disk.refusals = 3
    void handed.deleteCopyAfter('copy', MINUTE_MS)
    await vi.advanceTimersByTimeAsync(MINUTE_MS + 6_999)
    expect(disk.refusals).toBe(0)
    expect(disk.names('copies')).toEqual(['copy'])
    await vi.advanceTimersByTimeAsync(1)
    expect(disk.names('copies')).toEqual([])
  })

  test('is not cut short by closing the page, and deleted by it once it is overdue', async () => {
    void handed.deleteCopyAfter('copy', MINUTE_MS)
    await vi.advanceTimersByTimeAsync(MINUTE_MS - 1)
    page.dispatchEvent(new Event('pagehide'))
    await vi.advanceTimersByTimeAsync(0)
    expect(disk.names('copies')).toEqual(['copy'])
    // The computer slept: the clock went on, the timers did not.
    vi.setSystemTime(Date.now() + MINUTE_MS)
    page.dispatchEvent(new Event('pagehide'))
    expect(disk.names('copies')).toEqual([])
  })
})
