/** E-mail addresses and the service's name, one spelling each (encoding.md §5). */
import { utf8 } from '../bytes.ts'
import { checkText } from './canonical.ts'
import { AddressError, CanonicalError } from './errors.ts'
import { WHITE_SPACE } from './whitespace.ts'

declare const address: unique symbol
declare const origin: unique symbol

/** An e-mail address in its canonical spelling. */
export type Address = string & { readonly [address]: true }

/** The service's name: a lower-case DNS name without port, built into every client. */
export type Origin = string & { readonly [origin]: true }

// RFC 5322 §3.2.3 takes these in quotes only, which nobody's address has; without them
// mail software reads `marie,dupont@…` as two addresses, and a code would go to the first.
const SPECIALS = /["(),:;<>[\\\]]/

const LEAST_BYTES = 3 // a@b
const MOST_BYTES = 254 // RFC 5321 §4.5.3.1.3, less the angle brackets
const MOST_ORIGIN_CHARACTERS = 253 // RFC 1035 §2.3.4, as text

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

// Hyphens in these places are for A-labels (IDNA 2008, RFC 5891 §4.2.3.1).
const RESERVED_LABEL = /^(?!xn--)..--/

/**
 * Return `text` if it is the canonical spelling of an address; AddressError if not.
 *
 * The domain's A-labels are checked by what the platform's URL makes of them. What
 * somebody typed is brought into this spelling by the service, not here.
 */
export function parseAddress(text: string): Address {
  const [local = '', domain, ...rest] = text.split('@')
  if (domain === undefined || rest.length > 0 || local === '') {
    throw new AddressError('an address is one name, one @ and one domain')
  }
  if ([...text].some((character) => WHITE_SPACE.includes(character))) {
    throw new AddressError('an address holds no space')
  }
  if (SPECIALS.test(local)) {
    throw new AddressError('a character that mail gives another meaning')
  }
  try {
    checkText(text)
  } catch (failure) {
    if (!(failure instanceof CanonicalError)) throw failure
    throw new AddressError('a character that no address contains')
  }
  const bytes = utf8(text).length
  if (bytes < LEAST_BYTES || bytes > MOST_BYTES) {
    throw new AddressError(`an address has ${LEAST_BYTES} to ${MOST_BYTES} bytes`)
  }
  if (text !== text.toLowerCase().normalize('NFC') || !domain.split('.').every(isDomainLabel)) {
    throw new AddressError('not the canonical spelling of the address')
  }
  return text as Address
}

/** Return `text` as a service's name; AddressError if it is none. */
export function parseOrigin(text: string): Origin {
  const isName = text.length <= MOST_ORIGIN_CHARACTERS && text.split('.').every(isLabel)
  if (!isName) throw new AddressError('an origin is a lower-case DNS name without port')
  return text as Origin
}

function isLabel(label: string): boolean {
  return LABEL.test(label)
}

function isDomainLabel(label: string): boolean {
  if (!isLabel(label) || RESERVED_LABEL.test(label)) return false
  if (!label.startsWith('xn--')) return true
  // A host that is nothing but this label: URL decodes it, and refuses or respells a
  // label that is no name's.
  const url = URL.canParse(`https://${label}`) ? new URL(`https://${label}`) : null
  return url?.hostname === label
}
