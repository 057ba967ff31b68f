/**
 * The patient's own side of consent.md: what was said for each practice, and saying otherwise.
 *
 * Nothing of the service's word is shown unverified: an organisation is one that the vault
 * pinned, a consent chains to it, a choice is signed by the account itself.
 */
import type { Origin } from '../keys/address.ts'
import { StatementError } from '../keys/errors.ts'
import type { Identity } from '../keys/identity.ts'
import type { Fingerprint } from '../keys/public.ts'
import { verifyOrganisation } from '../keys/statements/chain.ts'
import { CHOICE, type Choice, verifyChoice } from '../keys/statements/choice.ts'
import { CONSENT, type Consent, verifyConsent } from '../keys/statements/consent.ts'
import { firstOfLine } from '../keys/statements/line.ts'
import { ORGANISATION, type Organisation } from '../keys/statements/organisation.ts'
import { type InForce, inForce, type Way } from '../keys/statements/way.ts'
import { WordRefusedError } from './errors.ts'
import type { ChoiceDesk, PatientsOrganisation } from './ports.ts'

/** Whose words are read and signed. */
export interface Chooser {
  readonly identity: Identity
  readonly origin: Origin
  /** Fingerprints of the organisations that the vault trusts. */
  readonly pinned: ReadonlySet<string>
}

/** What was said for one practice, all of it verified. */
export interface PracticeChoice {
  readonly organisation: Organisation
  readonly consent: Consent | null
  readonly choice: { readonly statement: Choice; readonly hash: string } | null
  readonly inForce: InForce | null
}

/** Return what was said for each practice; WordRefusedError for a word that does not verify. */
export async function readChoices(desk: ChoiceDesk, who: Chooser): Promise<PracticeChoice[]> {
  return (await desk.choices()).map((one) => verified(one, who))
}

/**
 * Say to a practice how it is to write, after what was said before.
 *
 * Raises AlreadyDifferentError if another word came in between: read again, and show it.
 */
export async function choose(
  desk: ChoiceDesk,
  before: PracticeChoice,
  { way, who, now }: { way: Way; who: Chooser; now: number },
): Promise<void> {
  // Later than what counts now, whatever the two clocks say.
  const issuedAt = before.inForce === null ? now : Math.max(now, before.inForce.since + 1)
  const first = firstOfLine({ origin: who.origin, issuedAt })
  const line =
    before.choice === null
      ? first
      : {
          ...first,
          subject: before.choice.statement.line.subject,
          sequence: before.choice.statement.line.sequence + 1,
          previous: before.choice.hash,
        }
  const organisation = before.organisation.root.fingerprint
  await desk.choose(organisation, CHOICE.sign({ line, organisation, way }, who.identity))
}

function verified(one: PatientsOrganisation, who: Chooser): PracticeChoice {
  try {
    return read(one, who)
  } catch (failure) {
    if (!(failure instanceof StatementError)) throw failure
    throw new WordRefusedError(`a word that nobody signed who may have: ${failure.reason}`)
  }
}

function read(one: PatientsOrganisation, { identity, origin, pinned }: Chooser): PracticeChoice {
  const claimed: Fingerprint = ORGANISATION.parse(one.organisation.payload).root.fingerprint
  if (!pinned.has(claimed)) throw new WordRefusedError('an organisation that the vault trusts not')
  const organisation = verifyOrganisation(one.organisation, { organisation: claimed, origin })
  const consent =
    one.consent === null
      ? null
      : verifyConsent(
          one.consent.consent,
          { organisation: one.organisation, member: one.consent.member },
          // Which letter began the line is the practice's affair: the member's word is about
          // whom the service shows it to, and that is what the patient is to see.
          {
            organisation: claimed,
            origin,
            subject: CONSENT.parse(one.consent.consent.payload).line.subject,
          },
        )
  const own =
    one.choice === null
      ? null
      : verifyChoice(one.choice, { identity: identity.public, organisation: claimed, origin })
  return {
    organisation,
    consent,
    choice: own && one.choice ? { statement: own, hash: one.choice.payloadHash } : null,
    inForce: inForce(
      consent && { way: consent.way, at: consent.line.issuedAt },
      own && { way: own.way, at: own.line.issuedAt },
    ),
  }
}
