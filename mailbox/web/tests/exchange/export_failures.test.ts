/** An export over the simulated service: whatever one document does, the others are there. */
import { describe, expect, test, vi } from 'vitest'
import type { LibSession } from '../../app/core_session.ts'
import { MemoryArchive } from '../../app/files/memory_archive.ts'
import { Trouble } from '../../app/trouble.ts'
import type { ContentsReader } from '../../lib/exchange/contents_reader.ts'
import {
  ContentsRefusedError,
  NoRoomError,
  NoStorageError,
  OpenElsewhereError,
} from '../../lib/exchange/errors.ts'
import {
  exportNow,
  FOLDER,
  filesOf,
  newSession,
  practice,
  prepareExports,
  reasons,
  stored,
  text,
  world,
} from '../support/export_world.ts'
import { MEMORY_PLACES, SmallDisk } from '../support/memory_places.ts'
import { makeDeposit, makeWithdrawal, REPORT } from '../support/world.ts'

prepareExports()

describe('one bad document among many', () => {
  async function expectOnlyOne(kind: string, words: string): Promise<void> {
    const exported = await exportNow()
    expect(reasons(exported)).toEqual([`${FOLDER}Dernier`, kind, `${FOLDER}Premier`])
    const files = await filesOf(exported)
    // Two texts, and four files of each document that is there.
    expect(files.size).toBe(10)
    const lines = text(files, 'documents.csv').split('\r\n')
    expect(lines[2]).toContain(words)
    expect(lines[2]).toContain(';non;')
  }

  test('that was tampered with is told of', async () => {
    await stored('Premier')
    const { deposit } = await stored('Abîmé')
    deposit.contents[5_000] = (deposit.contents[5_000] ?? 0) ^ 1
    await stored('Dernier')
    await expectOnlyOne('document-tampered', 'Abîmé')
  })

  test('whose cover can’t be opened is told of by its day', async () => {
    await stored('Premier')
    world.service.store(await makeDeposit(practice, practice.doctor.public))
    await stored('Dernier')
    await expectOnlyOne('document-foreign', ';15/01/2027;;;;;non;Ce document n’a pas été scellé')
  })

  test('that was withdrawn before it was collected is told of, with who and why', async () => {
    await stored('Premier')
    const delivery = await stored('Retiré')
    delivery.state = 'withdrawn'
    delivery.withdrawal = makeWithdrawal(practice, delivery.deposit.documentId)
    await stored('Dernier')
    await expectOnlyOne('document-withdrawn', 'Retiré par Cabinet des Tilleuls')
  })

  test('that is withdrawn between list and turn is told of', async () => {
    await stored('Premier')
    const delivery = await stored('Retiré')
    await stored('Dernier')
    const { fetch } = world.service
    const session = await newSession(async (address, request) => {
      // The first that is opened is the newest.
      if (String(address).endsWith('/collect')) delivery.state = 'withdrawn'
      return fetch(address, request)
    })
    expect(reasons(await exportNow(session))).toEqual([
      `${FOLDER}Dernier`,
      'document-withdrawn',
      `${FOLDER}Premier`,
    ])
  })

  test('that is open in another window is told of', async () => {
    await stored('Premier')
    await stored('Ailleurs')
    await stored('Dernier')
    // And when it is asked for once more, at the end.
    failAt([1, 3], new OpenElsewhereError('open'))
    await expectOnlyOne('document-elsewhere', 'autre fenêtre')
  })

  test('that fails when half of it is written leaves nothing of it', async () => {
    await stored('Premier')
    await stored('Moitié', [REPORT, { ...REPORT, name: 'deux.pdf' }])
    await stored('Dernier')
    failAt([1], new ContentsRefusedError('changed'), { readingFile: 1 })
    await expectOnlyOne('document-tampered', 'modifié ou abîmé')
  })

  test('that nobody foresaw is told of', async () => {
    await stored('Premier')
    await stored('Faute')
    await stored('Dernier')
    failAt([1], new TypeError('a fault of ours'))
    await expectOnlyOne('unexpected', 'erreur imprévue')
  })

  /** Fail at these turns, on opening the document or on reading one of its files. */
  function failAt(
    at: readonly number[],
    failure: Error,
    { readingFile }: { readingFile?: number } = {},
  ) {
    const start = world.startReader
    let turns = 0
    world.startReader = (question) => {
      const reader = start(question)
      const isIt = at.includes(turns)
      turns += 1
      if (!isIt) return reader
      if (readingFile === undefined) {
        return { ...bound(reader), begin: () => Promise.reject(failure) }
      }
      return {
        ...bound(reader),
        finish: async () => {
          const blobs = await reader.finish()
          return blobs.map((blob, index) => (index === readingFile ? null : blob))
        },
        readFile: () => Promise.reject(failure),
      }
    }
  }
})

function bound(reader: ContentsReader): ContentsReader {
  return {
    begin: (report) => reader.begin(report),
    openNext: (sealed) => reader.openNext(sealed),
    finish: () => reader.finish(),
    readFile: (index, report) => reader.readFile(index, report),
    end: (how) => reader.end(how),
  }
}

describe('a service that fails', () => {
  const unavailable = () => new Response(null, { status: 503 })

  test('for one document, longer than a page waits, is asked once more at the end', async () => {
    await stored('Premier')
    const { deliveryId } = await stored('Tard')
    for (let time = 0; time < 4; time += 1) {
      const path = new RegExp(`${deliveryId}/collect$`)
      world.service.troubles.push({ path, when: 'before', answer: unavailable })
    }
    const exported = await exportNow()
    expect(reasons(exported)).toEqual([`${FOLDER}Tard`, `${FOLDER}Premier`])
    expect((await filesOf(exported)).size).toBe(10)
  })

  test('for one document for good does not keep the others', async () => {
    await stored('Premier')
    const { deliveryId } = await stored('Jamais')
    const path = new RegExp(`${deliveryId}/collect$`)
    for (let time = 0; time < 20; time += 1) {
      world.service.troubles.push({ path, when: 'before', answer: unavailable })
    }
    expect(reasons(await exportNow())).toEqual(['service-away', `${FOLDER}Premier`])
  })

  test('for everything ends the export, and nothing is left', async () => {
    await stored('Bilan')
    const disk = new SmallDisk(Number.MAX_SAFE_INTEGER)
    world.places = { ...MEMORY_PLACES, open: async () => disk }
    const { fetch } = world.service
    let away = false
    const session = await newSession(async (address, request) => {
      away ||= String(address).endsWith('/collect')
      return away ? unavailable() : fetch(address, request)
    })
    await expect(exportNow(session)).rejects.toMatchObject({ kind: 'service-away' })
    expect(disk.isDiscarded).toBe(true)
  })

  test('whose list turns in circles names each document once', async () => {
    await stored('Bilan')
    const { fetch } = world.service
    const session = await newSession(async (address, request) => {
      const answer = await fetch(address, request)
      if (!String(address).includes('/v1/deliveries?')) return answer
      return Response.json({ ...((await answer.json()) as object), next: '0' })
    })
    expect(reasons(await exportNow(session))).toEqual([`${FOLDER}Bilan`])
  })

  test('that ends the session ends the export as any other request', async () => {
    await stored('Bilan')
    const session = await newSession()
    await session.listDocuments(null)
    world.service.signedIn = false
    await expect(exportNow(session)).rejects.toMatchObject({ kind: 'session-ended' })
  })
})

describe('a disk', () => {
  test('without room is told of before any document is asked for', async () => {
    await stored('Bilan')
    const open = () => Promise.reject(new NoRoomError('full'))
    world.places = { ...MEMORY_PLACES, open }
    await expect(exportNow()).rejects.toMatchObject({ kind: 'export-no-room' })
    expect(world.service.requests.filter(({ path }) => path.endsWith('/collect'))).toEqual([])
  })

  test('without private files is told of as such', async () => {
    await stored('Bilan')
    world.places = { ...MEMORY_PLACES, open: () => Promise.reject(new NoStorageError('none')) }
    await expect(exportNow()).rejects.toMatchObject({ kind: 'export-no-storage' })
  })

  test.each([0, 1_000, 10_000, 30_000])(
    'that is full after %i bytes is told of, and nothing is left',
    async (room) => {
      await stored('Bilan')
      const disk = new SmallDisk(room)
      world.places = { ...MEMORY_PLACES, open: async () => disk }
      await expect(exportNow()).rejects.toMatchObject({ kind: 'export-no-room' })
      expect(disk.isDiscarded).toBe(true)
    },
  )

  test('is asked for enough: no archive is longer than was said', async () => {
    await stored('Bilan')
    await stored('T'.repeat(200), [
      REPORT,
      ...Array.from({ length: 300 }, (_, index) => ({
        ...REPORT,
        name: `${index} ${'é'.repeat(120)}.pdf`,
        content: new Uint8Array(1),
      })),
    ])
    let said = 0
    world.places = {
      ...MEMORY_PLACES,
      open: async ({ length }) => {
        said = length
        return new MemoryArchive()
      },
    }
    const size = (await exportNow()).file?.size ?? 0
    expect(size).toBeLessThanOrEqual(said)
    // Nor is so much asked for that an export fails for nothing.
    expect(said).toBeLessThan(2 * size)
  })
})

/** Takes longer to delete than anything else here takes. */
class SlowDisk extends SmallDisk {
  override async discard(): Promise<void> {
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    await super.discard()
  }
}

describe('stopping', () => {
  test.each(['GET cover', 'POST collect', 'GET contents'])(
    'at %s ends the export, and nothing is left',
    async (where) => {
      await stored('Bilan')
      const disk = new SmallDisk(Number.MAX_SAFE_INTEGER)
      world.places = { ...MEMORY_PLACES, open: async () => disk }
      const [method, part] = where.split(' ')
      const leaving = new AbortController()
      const session = await newSession(async (address, request) => {
        const isIt = String(address).includes(`/${part}`) && (request.method ?? 'GET') === method
        if (isIt) leaving.abort()
        return world.service.fetch(address, request)
      })
      await expect(exportNow(session, leaving.signal)).rejects.toBeDefined()
      // Nothing was begun while the list was read.
      expect(disk.isDiscarded).toBe(part !== 'cover')
    },
  )

  test('by signing out waits until nothing is left', async () => {
    await stored('Bilan')
    const disk = new SlowDisk(Number.MAX_SAFE_INTEGER)
    world.places = { ...MEMORY_PLACES, open: async () => disk }
    let signedOut: Promise<void> | undefined
    const session: LibSession = await newSession(async (address, request) => {
      if (String(address).endsWith('/collect')) signedOut ??= session.signOut()
      return world.service.fetch(address, request)
    })
    const exporting = exportNow(session).catch((failure: unknown) => failure)
    await vi.waitFor(() => expect(signedOut).toBeDefined())
    await signedOut
    expect(disk.isDiscarded).toBe(true)
    expect(await exporting).toBeInstanceOf(Trouble)
  })

  test('holds a copy of a long file while it is added, and deletes it then', async () => {
    await stored('Bilan')
    const happened: string[] = []
    world.places = {
      open: async () => new MemoryArchive(),
      copies: {
        hold: (name) => happened.push(`hold ${name}`),
        delete: async (name) => {
          happened.push(`delete ${name}`)
        },
      },
    }
    const start = world.startReader
    world.startReader = (question) => {
      const reader = start(question)
      return {
        ...bound(reader),
        finish: async () => (await reader.finish()).map(() => null),
        readFile: async () => ({ blob: new Blob([REPORT.content]), copy: 'copy' }),
      }
    }
    expect((await exportNow()).documents).toHaveLength(1)
    expect(happened).toEqual(['hold copy', 'delete copy'])
  })

  test('after it is whole deletes it', async () => {
    await stored('Bilan')
    const deleted: string[] = []
    class FileLike extends MemoryArchive {
      override async finish() {
        return { ...(await super.finish()), copy: 'archive' }
      }
    }
    world.places = {
      open: async () => new FileLike(),
      copies: {
        hold: () => {},
        delete: async (name) => {
          deleted.push(name)
        },
      },
    }
    await (await exportNow()).discard()
    expect(deleted).toEqual(['archive'])
  })
})
