/** Closing one's account: signed by the identity, and with the password once more (closing.md §2). */
import type { Origin } from '../keys/address.ts'
import type { Argon2id } from '../keys/argon2.ts'
import { CLOSING } from '../keys/statements/closing.ts'
import { firstOfLine } from '../keys/statements/line.ts'
import { unlockerFromPassword } from '../keys/unlockers.ts'
import type { Vault } from '../keys/vault_contents.ts'
import type { ClosedAccount, ClosingDesk } from './ports.ts'
import { RetryPolicy } from './retry.ts'

/**
 * Close the account whose vault is open; there is no way back.
 *
 * An answer that is lost is asked for again, and is the same: one closing is made, and only
 * whoever made it knows its hash. Takes Argon2id's time. Raises SignatureRefusedError (the
 * password, or an account that is closed already), ThrottledError, other PortErrors.
 */
export async function closeAccount(
  desk: ClosingDesk,
  {
    vault,
    password,
    origin,
    argon2id,
    now,
    retry = new RetryPolicy(),
  }: {
    vault: Vault
    password: string
    origin: Origin
    argon2id: Argon2id
    now: number
    retry?: RetryPolicy
  },
): Promise<ClosedAccount> {
  const { account, identity } = vault
  const { loginKey } = await unlockerFromPassword(password, { origin, account, argon2id })
  const { nonce } = await retry.repeat(() => desk.beginSignIn(account))
  const closing = CLOSING.sign({ line: firstOfLine({ origin, issuedAt: now }) }, identity)
  const toSign = {
    purpose: 'close',
    origin,
    subject: closing.payloadHash,
    loginPublicKey: loginKey.publicKey,
    nonce,
  } as const
  const proof = { kind: 'password', signature: loginKey.sign(toSign) } as const
  return retry.repeat(() => desk.close(account, closing, toSign, proof))
}
