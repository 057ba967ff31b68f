/** Words for a withdrawal: its sender's signed word, or the service's without proof. */
import { sayMoment } from '../texts/dates.ts'
import type { Language, Say } from '../texts/texts.ts'
import type { Withdrawn } from './core.ts'

const REASONS = {
  'wrong-patient': 'withdrawn.wrongPatient',
  'wrong-document': 'withdrawn.wrongDocument',
  replaced: 'withdrawn.replaced',
  other: 'withdrawn.other',
} as const

/** Return what to tell of it; null of what was not withdrawn. */
export function sayWithdrawn(
  say: Say,
  withdrawn: Withdrawn | null,
  language: Language,
): string | null {
  if (withdrawn === null) return null
  return withdrawn.proved
    ? say('withdrawn.by', {
        organisation: withdrawn.organisation,
        date: sayMoment(withdrawn.at, language),
        reason: say(REASONS[withdrawn.reason]),
      })
    : say('withdrawn.unproved')
}
