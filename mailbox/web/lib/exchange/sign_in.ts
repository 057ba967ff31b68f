/** Signing in with a password, and opening the vault that the service keeps. */
import type { Origin } from '../keys/address.ts'
import type { Argon2id } from '../keys/argon2.ts'
import { VaultMismatchError } from '../keys/errors.ts'
import { Secret } from '../keys/secret.ts'
import { unlockerFromPassword } from '../keys/unlockers.ts'
import { openVault, unwrapVaultKey } from '../keys/vault.ts'
import type { Vault } from '../keys/vault_contents.ts'
import type { AccountKind, SignInDesk, StoredVault } from './ports.ts'
import { RetryPolicy } from './retry.ts'

/** This client keeps no memory between visits, so any generation may be the newest. */
const SEEN_GENERATION = 0

/** An account whose vault is open. Prints as `…`. */
export class OpenedAccount extends Secret {
  readonly vault: Vault
  readonly kind: AccountKind

  constructor(vault: Vault, kind: AccountKind) {
    super()
    this.vault = vault
    this.kind = kind
  }
}

/**
 * Sign in and return the account's vault, opened.
 *
 * `account` is a number of ten digits or an e-mail address. Neither password nor anything
 * that opens the vault leaves the page: only a signature does. Takes Argon2id's time.
 * Raises SignatureRefusedError (password, account or both), ThrottledError, other
 * PortErrors; VaultError if the service gives another vault than this account's.
 */
export async function signIn(
  desk: SignInDesk,
  {
    account,
    password,
    origin,
    argon2id,
    retry = new RetryPolicy(),
  }: {
    account: string
    password: string
    origin: Origin
    argon2id: Argon2id
    retry?: RetryPolicy
  },
): Promise<OpenedAccount> {
  const challenge = await retry.repeat(() => desk.beginSignIn(account))
  const { accountNumber, nonce } = challenge
  const unlocker = await unlockerFromPassword(password, {
    origin,
    account: accountNumber,
    argon2id,
  })
  const { loginKey, wrapKey } = unlocker
  const toSign = {
    purpose: 'sign-in',
    origin,
    subject: accountNumber,
    loginPublicKey: loginKey.publicKey,
    nonce,
  } as const
  const kind = 'password'
  // Once: a failed try is counted, and a nonce used.
  const signedIn = await desk.finishSignIn(toSign, { kind, signature: loginKey.sign(toSign) })
  const stored = await retry.repeat(() => desk.vault())
  checkPlace(stored, accountNumber)
  const { unlockerId, wrappedVaultKey } = stored.unlocker
  const place = { account: accountNumber, kind, unlockerId } as const
  const vaultKey = unwrapVaultKey(wrappedVaultKey, wrapKey, place)
  const { generation, sealed } = stored
  const where = { account: accountNumber, generation, seenGeneration: SEEN_GENERATION }
  return new OpenedAccount(openVault(sealed, vaultKey, where), signedIn.kind)
}

function checkPlace(stored: StoredVault, account: string): void {
  if (stored.accountNumber !== account || stored.unlocker.kind !== 'password') {
    throw new VaultMismatchError('the vault of another account, or for another unlocker')
  }
}
