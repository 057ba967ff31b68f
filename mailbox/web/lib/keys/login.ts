/** What a login signature is over (keys.md §6). Making it is for `unlockers.ts`. */
import type { Bytes } from '../bytes.ts'
import type { Origin } from './address.ts'
import { frame } from './framing.ts'

export const NONCE_BYTES = 32

/** Ways to get into an account (keys.md §3). `recovery` and `passkey` are reserved. */
export const UNLOCKER_KINDS = ['password', 'device'] as const
export type UnlockerKind = (typeof UNLOCKER_KINDS)[number]

/** What a login signature opens; its subject is named beside. */
export type LoginPurpose = 'sign-in' | 'claim' | 'close'

/**
 * Everything that a login signature is bound to.
 *
 * A signature for one service, purpose, account, key or moment opens no other.
 */
export interface LoginChallenge {
  readonly purpose: LoginPurpose
  readonly origin: Origin
  /**
   * Account number (10 digits) to sign in, invitation id (32 hexadecimal digits) to claim,
   * hash of the closing (64) to close.
   */
  readonly subject: string
  readonly loginPublicKey: Uint8Array
  readonly nonce: Uint8Array
}

/** Return what the login key signs. */
export function loginSignedBytes(challenge: LoginChallenge): Bytes {
  return frame(
    'souspli/v1/login',
    challenge.purpose,
    challenge.origin,
    challenge.subject,
    challenge.loginPublicKey,
    challenge.nonce,
  )
}
