/** What a person has typed and reached while claiming: kept when they go back and forth. */
import type { CheckedLetter, Claim } from './core.ts'
import type { Scanned } from './fragment.ts'
import type { DateFields } from './person_entry.ts'

export interface ClaimDraft {
  /** From the QR code; `damaged` if its fragment made no sense. */
  readonly scanned: Scanned | 'damaged' | null
  readonly letterNumber: string
  readonly code: string
  readonly letter: CheckedLetter | null
  readonly claim: Claim | null
  /** How many more one-time codes may be sent; null until the first was. */
  readonly mailsLeft: number | null
  readonly emailCode: string
  readonly emailCodePassed: boolean
  readonly surname: string
  readonly birthDate: DateFields
  /** The birth date as it passed gate three, `YYYY-MM-DD`; null before. */
  readonly passedBirthDate: string | null
  /** Whether the claim session ended on the way, so that a new code was sent. */
  readonly sessionEnded: boolean
}

export type UpdateDraft = (changes: Partial<ClaimDraft>) => void

export const EMPTY_DRAFT: ClaimDraft = {
  scanned: null,
  letterNumber: '',
  code: '',
  letter: null,
  claim: null,
  mailsLeft: null,
  emailCode: '',
  emailCodePassed: false,
  surname: '',
  birthDate: { day: '', month: '', year: '' },
  passedBirthDate: null,
  sessionEnded: false,
}

/** What changes when the proof of the code was given (again): all gates are shut behind it. */
export function proved(claim: Claim): Partial<ClaimDraft> {
  return {
    claim,
    letter: claim.letter,
    mailsLeft: null,
    emailCode: '',
    emailCodePassed: false,
    passedBirthDate: null,
  }
}
