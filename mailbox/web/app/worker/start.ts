/**
 * Starts the page's workers.
 *
 * The one place that makes a script address under Trusted Types: the policy
 * `souspli-worker` knows four addresses, all built with the page, and nothing else
 * passes it.
 */
import archiveAddress from './archive.worker.ts?worker&url'
import argon2idAddress from './argon2id.worker.ts?worker&url'
import contentsAddress from './contents.worker.ts?worker&url'
import pdfAddress from './pdf.worker.ts?worker&url'

const ADDRESSES = {
  archive: archiveAddress,
  argon2id: argon2idAddress,
  contents: contentsAddress,
  pdf: pdfAddress,
} as const

// TypeScript's list of browser interfaces does not have Trusted Types.
interface TrustedTypePolicyFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL: (address: string) => string },
  ): { createScriptURL: (address: string) => string }
}

function onlyOurs(address: string): string {
  if (!Object.values(ADDRESSES).includes(address)) throw new TypeError('not one of our workers')
  return address
}

// A policy of a name can be made once: at import, which happens once.
const factory = (globalThis as { trustedTypes?: TrustedTypePolicyFactory }).trustedTypes
const policy = factory?.createPolicy('souspli-worker', { createScriptURL: onlyOurs })

/** Return a new worker. Whoever asked for it ends it. */
export function startWorker(which: keyof typeof ADDRESSES): Worker {
  const address = ADDRESSES[which]
  // A browser without Trusted Types takes the plain address.
  const trusted = policy?.createScriptURL(address) ?? onlyOurs(address)
  return new Worker(trusted, { type: 'module', name: `souspli-${which}` })
}
