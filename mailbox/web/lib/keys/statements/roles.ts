/**
 * Which role may sign what: a table; all else is refused (statements.md).
 *
 * An organisation's root has no role: it signs organisation and member statements and
 * nothing else.
 */

/** What a member is to the organisation. A bridge is a program that sends. */
export const ROLES = ['practitioner', 'assistant', 'administrator', 'bridge'] as const
export type Role = (typeof ROLES)[number]

/** What a member's signature can be asked for. Invitations also need `may_invite`. */
export type Act = 'documents' | 'invitations' | 'attestations' | 'consents'

const PERSON: readonly Act[] = ['documents', 'invitations', 'attestations', 'consents']

export const MAY_SIGN: Readonly<Record<Role, readonly Act[]>> = {
  practitioner: PERSON,
  assistant: PERSON,
  administrator: PERSON,
  bridge: ['documents', 'invitations', 'consents'],
}
