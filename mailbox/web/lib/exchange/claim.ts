/**
 * Claiming an invitation: from the letter's code to an account of one's own.
 *
 * claim.md §4, steps 1 to 7. Step 8, taking over what waits, is `reseal.ts`.
 */
import { equalBytes } from '../bytes.ts'
import { randomBytes } from '../crypto/random.ts'
import type { Origin } from '../keys/address.ts'
import type { Argon2id } from '../keys/argon2.ts'
import { ClaimCode, ClaimKeys } from '../keys/claimcode.ts'
import { type AccountNumber, drawAccountNumber } from '../keys/codes.ts'
import type { Envelope } from '../keys/dsse.ts'
import { SpellingError, StatementError } from '../keys/errors.ts'
import { Identity } from '../keys/identity.ts'
import { type Fingerprint, parseFingerprint } from '../keys/public.ts'
import { Secret } from '../keys/secret.ts'
import { type BindingEnvelopes, signBinding } from '../keys/statements/binding.ts'
import { VerifiedInvitation } from '../keys/statements/invitation.ts'
import { firstOfLine } from '../keys/statements/line.ts'
import { DAY_SECONDS } from '../keys/statements/statement.ts'
import { type Unlocker, unlockerFromPassword } from '../keys/unlockers.ts'
import { checkHex, encodeHex, ID_BYTES } from '../keys/values.ts'
import { sealVault, VaultKey, wrapVaultKey } from '../keys/vault.ts'
import { Vault } from '../keys/vault_contents.ts'
import {
  BoundWithAnotherPasswordError,
  InvitationRefusedError,
  LetterEarlyError,
  LetterExpiredError,
  LetterForgedError,
  LetterMismatchError,
} from './errors.ts'
import { AccountNumberTakenError, UnavailableError } from './port_errors.ts'
import type {
  BoundAccount,
  ClaimDesk,
  InvitationRecord,
  LetterLookup,
  MailedCode,
  NewAccount,
} from './ports.ts'
import { RetryPolicy } from './retry.ts'
import { type ReadTerms, signAcceptance } from './terms.ts'

const QR_VERSION = '1'
const CLAIM_IDENTITY_KEPT_SECONDS = 7 * DAY_SECONDS // after the invitation's end (§4 step 6)
const ACCOUNT_NUMBER_ATTEMPTS = 5 // of 10^9 numbers; a service that refuses five is broken

/** What is on the paper. The organisation is proved by the code, or nothing opens. */
export class Letter extends Secret {
  readonly invitationId: string
  readonly organisation: Fingerprint
  readonly code: ClaimCode

  /** Raises InvitationRefusedError for ids that are none; CodeError if the code is misread. */
  constructor(parts: { invitationId: string; organisation: string; code: string }) {
    super()
    try {
      this.invitationId = checkHex(parts.invitationId, { length: ID_BYTES })
      this.organisation = parseFingerprint(parts.organisation)
    } catch (failure) {
      if (!(failure instanceof SpellingError)) throw failure
      throw new InvitationRefusedError('not the ids of a letter')
    }
    this.code = ClaimCode.parse(parts.code)
  }

  /** Read what follows `#` in the QR code's address. Raises like the constructor. */
  static fromFragment(fragment: string): Letter {
    const [version, invitationId = '', organisation = '', code, ...rest] = fragment.split('.')
    if (version !== QR_VERSION || code === undefined || rest.length > 0) {
      throw new InvitationRefusedError('not the address on a letter')
    }
    return new Letter({ invitationId, organisation, code })
  }

  /**
   * Join a typed code to what the service says of a typed letter number.
   *
   * Whatever the service says: with another organisation the code derives nothing. Raises
   * like the constructor.
   */
  static fromTyped(lookup: LetterLookup, code: string): Letter {
    return new Letter({ ...lookup, code })
  }
}

/** A letter whose code fits a genuine invitation. Only `openLetter` makes one. */
export class OpenedLetter extends Secret {
  readonly keys: ClaimKeys
  readonly invitation: VerifiedInvitation
  readonly origin: Origin

  private constructor(keys: ClaimKeys, invitation: VerifiedInvitation, origin: Origin) {
    super()
    this.keys = keys
    this.invitation = invitation
    this.origin = origin
  }

  get invitationId(): string {
    return this.invitation.record.invitationId
  }

  /**
   * Return the keys of a letter if the invitation is genuine and in force (step 2).
   *
   * Takes Argon2id's time. Sends nothing: what the code gives has not left the page when
   * this returns or throws. Raises LetterForgedError, LetterMismatchError, LetterEarlyError,
   * LetterExpiredError.
   */
  static async open(
    letter: Letter,
    answer: InvitationRecord,
    { origin, now, argon2id }: { origin: Origin; now: number; argon2id: Argon2id },
  ): Promise<OpenedLetter> {
    const { invitationId, organisation } = letter
    const invitation = verifyRecord(answer, { organisation, origin })
    const { record } = invitation
    if (record.invitationId !== invitationId) {
      throw new LetterMismatchError('the service answers for another invitation')
    }
    const where = { origin, invitationId, organisation, argon2id }
    const keys = await ClaimKeys.derive(letter.code, where)
    const derived = keys.identity.public.fingerprint
    if (
      derived !== record.claimIdentity.fingerprint ||
      !equalBytes(keys.loginKey.publicKey, record.claimLoginKey)
    ) {
      throw new LetterMismatchError('the code does not fit the invitation')
    }
    // After the keys: only now is it this person's letter whose dates are spoken of.
    if (now < record.notBefore) throw new LetterEarlyError('not yet in force', invitation)
    if (now > record.notAfter) throw new LetterExpiredError('no longer in force', invitation)
    return new OpenedLetter(keys, invitation, origin)
  }
}

/** An account as it was bound. Prints as `…`. */
export class ClaimedAccount extends Secret {
  readonly vault: Vault
  readonly bound: BoundAccount

  constructor(vault: Vault, bound: BoundAccount) {
    super()
    this.vault = vault
    this.bound = bound
  }
}

/** A claim past gate one: the next gates, then the account. Prints as `…`. */
export class Claim extends Secret {
  readonly letter: OpenedLetter
  /** The e-mail of record as the service masks it. */
  readonly maskedAddress: string
  readonly #desk: ClaimDesk
  readonly #retry: RetryPolicy
  #attempt: BindingAttempt | null = null

  private constructor(
    letter: OpenedLetter,
    { desk, retry, maskedAddress }: { desk: ClaimDesk; retry: RetryPolicy; maskedAddress: string },
  ) {
    super()
    this.letter = letter
    this.maskedAddress = maskedAddress
    this.#desk = desk
    this.#retry = retry
  }

  /**
   * Gate one: prove that the code is known, without sending it (step 3).
   *
   * Raises InvitationUsedError, InvitationSupersededError, InvitationExpiredError, and
   * other PortErrors.
   */
  static async prove(
    letter: OpenedLetter,
    desk: ClaimDesk,
    { retry = new RetryPolicy() }: { retry?: RetryPolicy } = {},
  ): Promise<Claim> {
    const { invitationId, origin } = letter
    const { loginKey } = letter.keys
    // A new nonce each time: the one before may have been used up.
    const maskedAddress = await retry.repeat(async () => {
      const { nonce } = await desk.claimNonce(invitationId)
      const signature = loginKey.sign({
        purpose: 'claim',
        origin,
        subject: invitationId,
        loginPublicKey: loginKey.publicKey,
        nonce,
      })
      return desk.prove(invitationId, { nonce, signature })
    })
    return new Claim(letter, { desk, retry, maskedAddress })
  }

  /** Gate two, first half. Not repeated by itself: five mails a day. */
  sendEmailCode(): Promise<MailedCode> {
    return this.#desk.sendEmailCode(this.letter.invitationId)
  }

  /** Gate two, second half. Not repeated by itself: each costs one of few tries. */
  checkEmailCode(code: string): Promise<void> {
    return this.#desk.checkEmailCode(this.letter.invitationId, code)
  }

  /**
   * Gate three. `birthDate` is `YYYY-MM-DD`, an unknown month or day `00`.
   *
   * Not repeated by itself. Raises PersonError for a name or date that is none, before
   * anything is sent; PersonWrongError with the tries that are left.
   */
  async checkPerson(person: { surname: string; birthDate: string }): Promise<void> {
    const check = this.letter.keys.personCheck(person)
    await this.#desk.checkPerson(this.letter.invitationId, check)
  }

  /**
   * Make the identity and the vault, and bind them to the letter (steps 6 and 7).
   *
   * `terms` are those that the person read and agreed to; TermsChangedError if others are in
   * force by now. The password's strength has been checked where it was chosen. Takes Argon2id's time.
   * May be called again after an UnavailableError: the very same binding is sent then. If
   * it turns out that an earlier call had made the account with another password,
   * BoundWithAnotherPasswordError. Raises InvitationUsedError if somebody else was first,
   * and other PortErrors.
   */
  async bind(
    password: string,
    { argon2id, now, terms = null }: { argon2id: Argon2id; now: number; terms?: ReadTerms | null },
  ): Promise<ClaimedAccount> {
    const before = this.#attempt
    if (before !== null) return this.#finish(before, password, argon2id)
    const identity = Identity.generate()
    const binding = signClaimBinding(this.letter, { identity, now })
    for (let attempt = 1; ; attempt += 1) {
      const account = drawAccountNumber()
      const { origin } = this.letter
      const unlocker = await unlockerFromPassword(password, { origin, account, argon2id })
      const made = makeVault(this.letter, { identity, unlocker, account, now })
      const acceptance = terms && signAcceptance(terms, { signer: identity, origin, now })
      try {
        return await this.#send({ ...made, unlocker, binding, acceptance })
      } catch (failure) {
        // The same identity and binding with another number: still one claim.
        const again =
          failure instanceof AccountNumberTakenError && attempt < ACCOUNT_NUMBER_ATTEMPTS
        if (!again) throw failure
      }
    }
  }

  async #send(attempt: BindingAttempt): Promise<ClaimedAccount> {
    const { account, acceptance, binding, vault } = attempt
    try {
      const bound = await this.#retry.repeat(() =>
        this.#desk.bind(this.letter.invitationId, { account, binding, acceptance }),
      )
      this.#attempt = null
      return new ClaimedAccount(vault, bound)
    } catch (failure) {
      // It may have been applied. Another binding would lose against our own.
      this.#attempt = failure instanceof UnavailableError ? attempt : null
      throw failure
    }
  }

  async #finish(
    attempt: BindingAttempt,
    password: string,
    argon2id: Argon2id,
  ): Promise<ClaimedAccount> {
    const { origin } = this.letter
    const account = attempt.account.accountNumber
    const unlocker = await unlockerFromPassword(password, { origin, account, argon2id })
    const claimed = await this.#send(attempt)
    if (!equalBytes(unlocker.loginKey.publicKey, attempt.unlocker.loginKey.publicKey)) {
      throw new BoundWithAnotherPasswordError('the account has the password chosen before')
    }
    return claimed
  }
}

/** What was sent and perhaps applied: to be sent again as it is. */
interface BindingAttempt {
  readonly vault: Vault
  readonly account: NewAccount
  readonly unlocker: Unlocker
  readonly binding: BindingEnvelopes
  readonly acceptance: Envelope | null
}

/** Return B: the claim identity and the new one say that they belong together (step 7). */
export function signClaimBinding(
  letter: OpenedLetter,
  { identity, now }: { identity: Identity; now: number },
): BindingEnvelopes {
  const { invitationId, invitation, origin } = letter
  const binding = {
    line: firstOfLine({ origin, issuedAt: now, subject: invitationId }),
    invitationId,
    recordHash: invitation.recordHash,
    identity: identity.public,
    boundAt: now,
  }
  return signBinding(binding, { claimIdentity: letter.keys.identity, identity })
}

/** Return a first vault, and what the service keeps of it (step 6). */
export function makeVault(
  letter: OpenedLetter,
  {
    identity,
    unlocker,
    account,
    now,
  }: { identity: Identity; unlocker: Unlocker; account: AccountNumber; now: number },
): { vault: Vault; account: NewAccount } {
  const { record, inviter } = letter.invitation
  const unlockerId = encodeHex(randomBytes(ID_BYTES))
  const kind = 'password'
  const loginPublicKey = unlocker.loginKey.publicKey
  const vault = new Vault({
    account,
    generation: 1,
    identity,
    claims: [
      {
        identity: letter.keys.identity,
        invitationId: record.invitationId,
        keepUntil: record.notAfter + CLAIM_IDENTITY_KEPT_SECONDS,
      },
    ],
    unlockers: [{ unlockerId, kind, loginPublicKey, wrapKey: unlocker.wrapKey }],
    pinned: [{ fingerprint: record.organisation, name: inviter.organisation.name, pinnedAt: now }],
    previous: null,
    savedAt: now,
  })
  const vaultKey = VaultKey.generate()
  const place = { account, kind, unlockerId } as const
  const wrappedVaultKey = wrapVaultKey(vaultKey, unlocker.wrapKey, place)
  const sealedVault = sealVault(vault, vaultKey)
  const unlockers = [{ unlockerId, kind, loginPublicKey, wrappedVaultKey } as const]
  return { vault, account: { accountNumber: account, sealedVault, unlockers } }
}

function verifyRecord(
  { record, statements }: InvitationRecord,
  trust: { organisation: Fingerprint; origin: Origin },
): VerifiedInvitation {
  try {
    return VerifiedInvitation.verify(record, statements, trust)
  } catch (failure) {
    if (!(failure instanceof StatementError)) throw failure
    throw new LetterForgedError(`the invitation is not genuine: ${failure.reason}`)
  }
}
