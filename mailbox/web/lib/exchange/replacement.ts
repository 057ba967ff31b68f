/** Which document corrects which: only what two verified manifests say (withdrawal.md §4). */
import type { Patient } from './manifest.ts'
import type { VerifiedCover } from './sealed.ts'

/** Say whether `newer` replaces `older`: by the same organisation, about the same patient. */
export function isReplacement(newer: VerifiedCover, older: VerifiedCover): boolean {
  return (
    newer.manifest.document.replaces === older.manifest.documentId &&
    newer.manifest.documentId !== older.manifest.documentId &&
    newer.manifest.sender.organisation === older.manifest.sender.organisation &&
    isSamePatient(newer.manifest.document.patient, older.manifest.document.patient)
  )
}

/** Word for word: whoever corrects a name has to say so to the patient. */
function isSamePatient(one: Patient | null, other: Patient | null): boolean {
  if (one === null || other === null) return one === other
  return (
    one.birthName === other.birthName &&
    one.givenNames === other.givenNames &&
    one.birthDate === other.birthDate &&
    one.sex === other.sex
  )
}
