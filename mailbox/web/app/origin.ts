/**
 * The service's name and the hosts that may serve this page, fixed when the page was built.
 *
 * The name is a salt of every key (docs/specs/keys.md), so it is never taken from a
 * response. The hosts stop a copy of the page on somebody else's server from asking for
 * a code; a copy can be altered, so this helps against carelessness, not against malice.
 */

declare const SOUSPLI_ORIGIN: string
declare const SOUSPLI_HOSTS: readonly string[]

/** The service's name, `origin` in the specifications. */
export const ORIGIN = SOUSPLI_ORIGIN

/** Host names (without port) that this page agrees to run on. */
export const HOSTS = SOUSPLI_HOSTS
