/** Where the page may run, and why not elsewhere: said before a code can be typed. */

/** Why the page refuses to run. */
export type Refusal = 'host' | 'insecure' | 'framed' | 'browser'

/** What of the browser's surroundings decides. */
export interface Surroundings {
  readonly hostname: string
  readonly secure: boolean
  readonly framed: boolean
  readonly capable: boolean
}

/** Return why the page must not run here, or null if it may. */
export function refusal(here: Surroundings, hosts: readonly string[]): Refusal | null {
  if (!hosts.includes(here.hostname.toLowerCase())) return 'host'
  if (!here.secure) return 'insecure'
  // The service forbids framing in its headers; this is for a server that lost them.
  if (here.framed) return 'framed'
  return here.capable ? null : 'browser'
}

/** Read the surroundings off the page itself. */
export function surroundings(): Surroundings {
  return {
    hostname: location.hostname,
    secure: isSecureContext,
    framed: window.top !== window,
    capable:
      typeof WebAssembly === 'object' &&
      typeof Worker === 'function' &&
      typeof crypto.subtle === 'object',
  }
}
