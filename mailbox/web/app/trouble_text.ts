/** Words for every trouble: what happened, then what to do. */
import { sayMoment } from '../texts/dates.ts'
import type { Language, Say, TextKey } from '../texts/texts.ts'
import { saySize } from './sizes.ts'
import type { Trouble, TroubleKind } from './trouble.ts'

const SECONDS_PER_MINUTE = 60

/** The troubles whose words have no place to fill. */
const PLAIN = {
  'letter-unknown': 'letter.unknown',
  'letter-mismatch': 'letter.mismatch',
  'letter-forged': 'letter.forged',
  'letter-early': 'letter.early',
  'letter-superseded': 'letter.superseded',
  'bound-before': 'password.boundBefore',
  'email-code-expired': 'gates.codeExpired',
  'sign-in-refused': 'signIn.refused',
  'not-a-patient': 'signIn.notPatient',
  'vault-refused': 'signIn.vaultRefused',
  'session-ended': 'signIn.expired',
  'word-refused': 'account.wordRefused',
  'word-overtaken': 'account.wordOvertaken',
  'terms-changed': 'terms.changed',
  'closing-refused': 'closing.refused',
  'document-tampered': 'trouble.tampered',
  'document-incomplete': 'trouble.incomplete',
  'document-foreign': 'trouble.foreign',
  'document-stranger': 'trouble.stranger',
  'document-version': 'trouble.version',
  'document-gone': 'trouble.gone',
  'document-withdrawn': 'trouble.withdrawn',
  'document-no-storage': 'trouble.noStorage',
  'document-no-room': 'trouble.noRoom',
  'document-elsewhere': 'trouble.elsewhere',
  'export-no-storage': 'export.noStorage',
  'service-away': 'trouble.away',
  'service-full': 'trouble.full',
  'service-error': 'trouble.internal',
  unexpected: 'trouble.unexpected',
} as const satisfies Partial<Record<TroubleKind, TextKey>>

/** Return what to tell the person. */
export function sayTrouble(say: Say, trouble: Trouble, language: Language): string {
  const { organisation, endedAt, triesLeft, neededBytes } = trouble
  const call = organisation && { organisation: organisation.name, phone: organisation.phone }
  switch (trouble.kind) {
    case 'letter-expired':
      return call && endedAt !== undefined
        ? say('letter.expiredSince', { ...call, date: sayMoment(endedAt, language) })
        : say('letter.expired')
    case 'letter-used':
      return call ? say('letter.usedElsewhere', call) : say('letter.used')
    case 'email-code-wrong':
      return triesLeft === 0
        ? say('gates.codeUsedUp')
        : say('gates.codeWrong', { count: triesLeft ?? '?' })
    case 'mails-used-up':
      return call ? say('gates.mailsUsedUp', call) : sayWait(say, trouble)
    case 'person-wrong':
      return triesLeft === 0 && call
        ? say('gates.personUsedUp', call)
        : say('gates.personWrong', { count: triesLeft ?? '?' })
    case 'export-no-room':
      return neededBytes === undefined
        ? say('export.diskFull')
        : say('export.noRoom', { size: saySize(say, language, neededBytes) })
    case 'throttled':
      return sayWait(say, trouble)
    default:
      return say(PLAIN[trouble.kind])
  }
}

function sayWait(say: Say, trouble: Trouble): string {
  const minutes = Math.ceil((trouble.retryAfterSeconds ?? 0) / SECONDS_PER_MINUTE)
  return minutes > 1 ? say('trouble.throttled', { minutes }) : say('trouble.throttledOne')
}
