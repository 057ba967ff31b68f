/**
 * Taking over: what waits for a claim identity is sealed again to the account (claim.md §4
 * step 8).
 */
import type { Identity } from '../keys/identity.ts'
import type { Vault } from '../keys/vault_contents.ts'
import { ExchangeError, ExchangeUsageError } from './errors.ts'
import {
  CoverChangedError,
  NotSignedInError,
  UnavailableError,
  WithdrawnError,
} from './port_errors.ts'
import type { DeliveriesPage, ReceivedDelivery } from './ports.ts'
import type { Receiving } from './receive.ts'
import { resealCover } from './sealed.ts'

const PAGE = 100

/** The deliveries whose covers were sealed again, and every failure. */
export interface Resealed {
  readonly deliveries: readonly string[]
  readonly failures: readonly { readonly deliveryId: string; readonly failure: ExchangeError }[]
}

/**
 * Seal every cover that waits for a claim identity of the account to the account's own.
 *
 * Resumable, and done at each sign-in. One bad cover does not stop the others: its failure
 * is returned, and it is tried again the next time. `report` hears how many of how many
 * were looked at. Raises NotSignedInError and UnavailableError, since all others would
 * fail alike, and PortErrors about the list.
 */
export async function resealWaiting(
  receiving: Receiving,
  vault: Vault,
  { now, report }: { now: number; report: (done: number, total: number) => void },
): Promise<Resealed> {
  const candidates = (await allDeliveries(receiving)).filter((delivery) => mayWait(delivery, vault))
  const deliveries: string[] = []
  const failures: { deliveryId: string; failure: ExchangeError }[] = []
  for (const [done, delivery] of candidates.entries()) {
    report(done, candidates.length)
    const { deliveryId } = delivery
    try {
      if (await reseal(receiving, delivery, { vault, now })) deliveries.push(deliveryId)
    } catch (failure) {
      if (!(failure instanceof ExchangeError) || isOfAll(failure)) throw failure
      // Nothing of it is left that could be sealed again.
      if (failure instanceof WithdrawnError) continue
      failures.push({ deliveryId, failure })
    }
  }
  report(candidates.length, candidates.length)
  return { deliveries, failures }
}

async function allDeliveries({ mailbox, retry }: Receiving): Promise<ReceivedDelivery[]> {
  const found: ReceivedDelivery[] = []
  let after: string | null = null
  do {
    const cursor: string | null = after
    const read = () => mailbox.deliveries({ after: cursor, limit: PAGE })
    const page: DeliveriesPage = await retry.repeat(read)
    found.push(...page.deliveries)
    after = page.next
  } while (after !== null)
  return found
}

/** Nobody seals to a claim identity that is no longer kept: later covers need no look. */
function mayWait(delivery: ReceivedDelivery, vault: Vault): boolean {
  return vault.claims.some((claim) => delivery.storedAt <= claim.keepUntil)
}

interface Step {
  readonly vault: Vault
  readonly now: number
}

/** Seal one cover again if it is not the account's yet; say whether it had to be. */
async function reseal(
  receiving: Receiving,
  delivery: ReceivedDelivery,
  step: Step,
): Promise<boolean> {
  try {
    return await resealOnce(receiving, delivery, step)
  } catch (failure) {
    if (!(failure instanceof CoverChangedError)) throw failure
    // Another window of the same patient was first, most likely: look again, once.
    return resealOnce(receiving, { ...delivery, coverHash: '' }, step)
  }
}

async function resealOnce(
  receiving: Receiving,
  delivery: ReceivedDelivery,
  { vault, now }: Step,
): Promise<boolean> {
  const account = vault.identity.public
  const { cover, coverHash } = await receiving.fetchCover(delivery)
  if (cover.effectiveRecipient === account.fingerprint) return false
  const sealed = await resealCover(cover, {
    signer: holder(vault, cover.effectiveRecipient),
    to: account,
    reason: 'claim',
    now,
    aead: receiving.reader.aead,
  })
  const change = { replaces: coverHash, cover: sealed }
  await receiving.retry.repeat(() => receiving.mailbox.replaceCover(delivery.deliveryId, change))
  return true
}

function holder(vault: Vault, fingerprint: string): Identity {
  const claim = vault.claims.find(({ identity }) => identity.public.fingerprint === fingerprint)
  if (claim === undefined) throw new ExchangeUsageError('the reader is not this account')
  return claim.identity
}

function isOfAll(failure: ExchangeError): boolean {
  return failure instanceof NotSignedInError || failure instanceof UnavailableError
}
