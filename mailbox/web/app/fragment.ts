/**
 * The letter's QR code: `https://host/#1.<invitation id>.<organisation>.<code>`.
 *
 * What stands behind `#` is not sent to the server. It is taken off the address before
 * any request, so that it is in no Referer, no bookmark and no shared link made later.
 */

/** The version of the fragment's form that this page reads. */
const VERSION = '1'
const INVITATION_ID = /^[0-9a-f]{32}$/
const FINGERPRINT = /^[0-9a-f]{64}$/

/** What the QR code says, in form at least; nothing of it is checked yet. */
export interface Scanned {
  readonly invitationId: string
  readonly organisation: string
  /** As scanned; may be damaged. */
  readonly code: string
}

/** Return what the fragment says, `damaged` if it began as a letter's, null if it is none. */
export function readFragment(fragment: string): Scanned | 'damaged' | null {
  const text = fragment.startsWith('#') ? fragment.slice(1) : fragment
  if (!text.startsWith(`${VERSION}.`)) return null
  const [, invitationId = '', organisation = '', code = '', ...rest] = text.split('.')
  if (!INVITATION_ID.test(invitationId) || !FINGERPRINT.test(organisation) || rest.length > 0) {
    return 'damaged'
  }
  return { invitationId, organisation, code }
}

/**
 * Read the address's fragment and take it off the address bar and the current history entry.
 *
 * Call it before anything else runs. The browser's own history may keep the first
 * address all the same (docs/limitations.md).
 */
export function takeFragment(): Scanned | 'damaged' | null {
  const { hash, pathname, search } = location
  if (hash !== '') history.replaceState(history.state, '', pathname + search)
  return readFragment(hash)
}
