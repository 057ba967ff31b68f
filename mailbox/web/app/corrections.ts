/**
 * Which documents correct which, among those whose covers were verified so far.
 *
 * Looked up by document id, so that a list of thousands is drawn as fast as one of ten.
 */
import type { ReceivedDelivery } from '../lib/exchange/ports.ts'
import { isReplacement } from '../lib/exchange/replacement.ts'
import type { VerifiedCover } from '../lib/exchange/sealed.ts'
import type { Related, Relations } from './core.ts'

interface Listed {
  readonly delivery: ReceivedDelivery
  readonly cover: VerifiedCover
}

export class Corrections {
  readonly #byDelivery = new Map<string, Listed>()
  readonly #byDocument = new Map<string, Set<string>>()
  /** By the id of the document that they replace. */
  readonly #replacing = new Map<string, Set<string>>()

  add(delivery: ReceivedDelivery, cover: VerifiedCover): void {
    const { deliveryId } = delivery
    const { documentId, document } = cover.manifest
    this.#byDelivery.set(deliveryId, { delivery, cover })
    note(this.#byDocument, documentId, deliveryId)
    if (document.replaces !== null) note(this.#replacing, document.replaces, deliveryId)
  }

  relationsOf(deliveryId: string): Relations {
    const mine = this.#byDelivery.get(deliveryId)
    if (mine === undefined) return { replaces: null, correctedBy: null }
    const { documentId, document } = mine.cover.manifest
    const older = this.#listed(this.#byDocument, document.replaces)
    const newer = this.#listed(this.#replacing, documentId)
    return {
      replaces: related(older.filter(({ cover }) => isReplacement(mine.cover, cover))),
      correctedBy: related(newer.filter(({ cover }) => isReplacement(cover, mine.cover))),
    }
  }

  clear(): void {
    this.#byDelivery.clear()
    this.#byDocument.clear()
    this.#replacing.clear()
  }

  #listed(index: ReadonlyMap<string, Set<string>>, documentId: string | null): Listed[] {
    const found = documentId === null ? undefined : index.get(documentId)
    return [...(found ?? [])].flatMap((deliveryId) => this.#byDelivery.get(deliveryId) ?? [])
  }
}

function note(index: Map<string, Set<string>>, documentId: string, deliveryId: string): void {
  const found = index.get(documentId)
  if (found === undefined) index.set(documentId, new Set([deliveryId]))
  else found.add(deliveryId)
}

/** The newest of several: a correction may have been corrected from the first again. */
function related(found: readonly Listed[]): Related | null {
  const [newest] = [...found].sort((a, b) => b.delivery.storedAt - a.delivery.storedAt)
  if (newest === undefined) return null
  return { deliveryId: newest.delivery.deliveryId, date: newest.cover.manifest.document.date }
}
