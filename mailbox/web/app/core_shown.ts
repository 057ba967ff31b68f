/** What a verified cover, or withdrawal, shows to the screens. */
import type { ListedDelivery } from '../lib/exchange/receive.ts'
import type { VerifiedCover } from '../lib/exchange/sealed.ts'
import type { DocumentCover, Withdrawn } from './core.ts'

export function withdrawnOf(withdrawn: ListedDelivery['withdrawn']): Withdrawn | null {
  if (withdrawn === null) return null
  if (withdrawn === 'unproved') return { proved: false }
  const { withdrawal, signer } = withdrawn
  return {
    proved: true,
    organisation: signer.organisation.name,
    at: withdrawal.withdrawnAt,
    reason: withdrawal.reason,
  }
}

export function coverOf({ manifest, sender }: VerifiedCover): DocumentCover {
  const { title, date, priority, replaces, withdraws, patient } = manifest.document
  return {
    title,
    date,
    urgent: priority === 'urgent',
    soon: priority === 'soon',
    replacesAnother: replaces !== null,
    withdrawsAnother: withdraws !== null,
    sender: {
      name: sender.member.name,
      organisation: sender.organisation.name,
      bridge: sender.member.role === 'bridge',
    },
    patient:
      patient === null
        ? null
        : {
            name: `${patient.birthName.toUpperCase()} ${patient.givenNames}`,
            birthDate: patient.birthDate,
          },
  }
}
