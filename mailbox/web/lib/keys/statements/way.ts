/** Electronic or paper: which of two people's words is in force (consent.md §1). */

/** How an organisation's documents go to a patient. */
export const WAYS = ['electronic', 'paper'] as const
export type Way = (typeof WAYS)[number]

/** What one statement said, and when it was signed. */
export interface Said {
  readonly way: Way
  readonly at: number
}

/** The way that counts, since when, and whether the patient signed it themselves. */
export interface InForce {
  readonly way: Way
  readonly since: number
  readonly byPatient: boolean
}

/**
 * Return what counts of the practice's note and the patient's own choice.
 *
 * The later one; at the same moment paper, which harms nobody. Null if nobody said
 * anything.
 */
export function inForce(consent: Said | null, choice: Said | null): InForce | null {
  const noted = consent && { way: consent.way, since: consent.at, byPatient: false }
  const own = choice && { way: choice.way, since: choice.at, byPatient: true }
  if (noted === null || own === null) return own ?? noted
  if (noted.since !== own.since) return noted.since > own.since ? noted : own
  return noted.way === 'paper' && own.way !== 'paper' ? noted : own
}
