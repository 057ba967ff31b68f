/**
 * Reading contents straight at the service's store (mailbox.md §8).
 *
 * The page's policy names the one store that it may read from, so an answer can lead
 * nowhere else. No cookie goes there, and nothing that comes from there is trusted: contents
 * are verified wherever they come from.
 */
import type { Bytes } from '../bytes.ts'
import { BrokenAnswerError, UnavailableError } from '../exchange/port_errors.ts'
import { AddressExpiredError, type ReadingRange, type Transport } from './transport.ts'

/** Where the contents of deliveries that were collected are, if they are at the store. */
export class Store {
  readonly #transport: Transport
  readonly #addresses = new Map<string, string>()

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Remember an address at the store; null if the contents are at the service. */
  note(deliveryId: string, address: string | null): void {
    if (address === null) this.#addresses.delete(deliveryId)
    else this.#addresses.set(deliveryId, this.#transport.checkStoreAddress(address))
  }

  /** Say whether the contents of this delivery are to be read here. */
  has(deliveryId: string): boolean {
    return this.#addresses.has(deliveryId)
  }

  /**
   * Return a range; AddressExpiredError asks for another address, unless this one is fresh:
   * then the store refuses all of them.
   *
   * After any other failure these contents are no longer read here: the service has them
   * as well, and a person whose network does not let them to the store, or whose operator
   * forgot to let the page in, still gets their document.
   */
  async read(
    deliveryId: string,
    range: { start: number; end: number },
    how: ReadingRange & { readonly isFresh?: boolean },
  ): Promise<Bytes> {
    const address = this.#addresses.get(deliveryId)
    if (address === undefined) throw new UnavailableError('not to be read at the store')
    try {
      return await this.#transport.fetchStoreRange(address, range, how)
    } catch (failure) {
      if (failure instanceof AddressExpiredError && how.isFresh !== true) throw failure
      this.#addresses.delete(deliveryId)
      const isOtherwise =
        failure instanceof BrokenAnswerError || failure instanceof AddressExpiredError
      if (!isOtherwise) throw failure
      throw new UnavailableError('the store answers otherwise than agreed')
    }
  }
}
