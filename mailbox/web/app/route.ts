/**
 * Which screen is shown, and which ones the browser's Back button may reach.
 *
 * The address is always `/`: a document's id in it would stay in the browser's history
 * and in bookmarks. The screen is kept in the history entry's state instead.
 */

export type Screen =
  | { readonly name: 'welcome' }
  | { readonly name: 'letter' }
  | { readonly name: 'gates' }
  | { readonly name: 'password' }
  | { readonly name: 'done' }
  | { readonly name: 'signIn' }
  | { readonly name: 'inbox' }
  | { readonly name: 'account' }
  | { readonly name: 'closing' }
  | { readonly name: 'closed' }
  | { readonly name: 'document'; readonly deliveryId: string }

/** How far the person has come; decides what may be shown. */
export interface Progress {
  readonly signedIn: boolean
  /** Past the proof of the code: the gates may be shown. */
  readonly proved: boolean
  /** Past all three gates: a password may be chosen. */
  readonly passed: boolean
  /** The account was closed on this page just now. */
  readonly closed: boolean
}

const NAMES: readonly Screen['name'][] = [
  'welcome',
  'letter',
  'gates',
  'password',
  'done',
  'signIn',
  'inbox',
  'account',
  'closing',
  'closed',
  'document',
]
const DELIVERY_ID = /^[0-9a-f]{1,64}$/

/** Return the screen that a history entry's state names, or null. State is input: anything may be in it. */
export function readScreen(state: unknown): Screen | null {
  if (typeof state !== 'object' || state === null || !('screen' in state)) return null
  const { screen } = state
  if (typeof screen !== 'object' || screen === null || !('name' in screen)) return null
  const name = NAMES.find((known) => known === screen.name)
  if (name === undefined) return null
  if (name !== 'document') return { name }
  const deliveryId = 'deliveryId' in screen ? screen.deliveryId : undefined
  return typeof deliveryId === 'string' && DELIVERY_ID.test(deliveryId)
    ? { name, deliveryId }
    : null
}

/** Return the screen to show when `wanted` is asked for: itself, or the nearest one that may be shown. */
export function reachable(wanted: Screen, { signedIn, proved, passed, closed }: Progress): Screen {
  switch (wanted.name) {
    case 'welcome':
      return signedIn ? { name: 'inbox' } : wanted
    case 'signIn':
      return signedIn ? { name: 'inbox' } : wanted
    case 'letter':
      return signedIn ? { name: 'inbox' } : wanted
    case 'gates':
      if (signedIn) return { name: 'inbox' }
      return proved ? wanted : { name: 'letter' }
    case 'password':
      if (signedIn) return { name: 'inbox' }
      if (passed) return wanted
      return { name: proved ? 'gates' : 'letter' }
    case 'closed':
      if (signedIn) return { name: 'inbox' }
      return closed ? wanted : { name: 'welcome' }
    case 'done':
    case 'inbox':
    case 'account':
    case 'closing':
    case 'document':
      return signedIn ? wanted : { name: 'signIn' }
  }
}

/** Whether two screens are one and the same. */
export function sameScreen(a: Screen, b: Screen): boolean {
  if (a.name === 'document' && b.name === 'document') return a.deliveryId === b.deliveryId
  return a.name === b.name
}
