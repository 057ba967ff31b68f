/** The service over HTTP, for the page that it serves: implements the ports of `lib/exchange`. */
import type { Bytes } from '../bytes.ts'
import { BrokenAnswerError } from '../exchange/port_errors.ts'
import type {
  BoundAccount,
  ChoiceDesk,
  ClaimDesk,
  ClaimNonce,
  ClosedAccount,
  ClosingDesk,
  DeliveredCover,
  DeliveredWithdrawal,
  DeliveriesPage,
  InvitationRecord,
  LetterLookup,
  MailedCode,
  NewAccount,
  PatientsOrganisation,
  RecipientMailbox,
  SignedIn,
  SignInChallenge,
  SignInDesk,
  StoredVault,
  TermsDesk,
} from '../exchange/ports.ts'
import type { TermsOffer } from '../exchange/terms.ts'
import type { AccountNumber } from '../keys/codes.ts'
import type { Envelope } from '../keys/dsse.ts'
import type { LoginChallenge, UnlockerKind } from '../keys/login.ts'
import type { BindingEnvelopes } from '../keys/statements/binding.ts'
import { checkHex, encodeBase64, HASH_BYTES, ID_BYTES } from '../keys/values.ts'
import * as protocol from './protocol.ts'
import { Store } from './store.ts'
import { AddressExpiredError, type Transport } from './transport.ts'

const NOTHING = {}

/** One request for each method, or two where an address has expired. What the methods promise stands at the ports. */
export class MailboxClient
  implements ClaimDesk, SignInDesk, ClosingDesk, RecipientMailbox, ChoiceDesk, TermsDesk
{
  readonly #transport: Transport
  readonly #store: Store

  constructor(transport: Transport) {
    this.#transport = transport
    this.#store = new Store(transport)
  }

  lookUpLetter(letterNumber: string): Promise<LetterLookup> {
    return this.#transport.ask({
      method: 'POST',
      path: '/v1/claims/lookup',
      body: { letter_number: letterNumber },
      read: protocol.readLetterLookup,
    })
  }

  claimRecord(invitationId: string): Promise<InvitationRecord> {
    return this.#transport.ask({
      method: 'GET',
      path: claimPath(invitationId),
      read: protocol.readInvitationRecord,
    })
  }

  claimNonce(invitationId: string): Promise<ClaimNonce> {
    return this.#transport.ask({
      method: 'POST',
      path: claimPath(invitationId, '/nonce'),
      body: NOTHING,
      read: protocol.readClaimNonce,
    })
  }

  prove(invitationId: string, proof: { nonce: Bytes; signature: Bytes }): Promise<string> {
    return this.#transport.ask({
      method: 'POST',
      path: claimPath(invitationId, '/prove'),
      body: {
        nonce: encodeBase64(proof.nonce),
        signature: encodeBase64(proof.signature),
        client: protocol.CLIENT,
      },
      read: protocol.readProved,
    })
  }

  sendEmailCode(invitationId: string): Promise<MailedCode> {
    return this.#transport.ask({
      method: 'POST',
      path: claimPath(invitationId, '/email-code'),
      body: NOTHING,
      read: protocol.readMailedCode,
    })
  }

  checkEmailCode(invitationId: string, code: string): Promise<void> {
    return this.#transport.ask({
      method: 'POST',
      path: claimPath(invitationId, '/email-code/check'),
      body: { code },
      read: protocol.readNothing,
    })
  }

  checkPerson(invitationId: string, personCheck: Bytes): Promise<void> {
    return this.#transport.ask({
      method: 'POST',
      path: claimPath(invitationId, '/person'),
      body: { person_check: encodeBase64(personCheck) },
      read: protocol.readNothing,
    })
  }

  async bind(
    invitationId: string,
    {
      account,
      binding,
      acceptance = null,
    }: { account: NewAccount; binding: BindingEnvelopes; acceptance?: Envelope | null },
  ): Promise<BoundAccount> {
    const bound = await this.#transport.ask({
      method: 'POST',
      path: claimPath(invitationId, '/bind'),
      body: {
        account: protocol.accountToJson(account),
        binding: protocol.bindingToJson(binding),
        ...(acceptance === null ? {} : { acceptance: acceptance.toJSON() }),
        client: protocol.CLIENT,
      },
      read: protocol.readBoundAccount,
    })
    checkSame(bound.accountNumber, account.accountNumber)
    return bound
  }

  async beginSignIn(account: string): Promise<SignInChallenge> {
    const challenge = await this.#transport.ask({
      method: 'POST',
      path: '/v1/sign-in/start',
      body: { account },
      read: protocol.readSignInChallenge,
    })
    if (!account.includes('@')) checkSame(challenge.accountNumber, account)
    return challenge
  }

  async finishSignIn(
    challenge: LoginChallenge,
    { kind, signature }: { kind: UnlockerKind; signature: Bytes },
  ): Promise<SignedIn> {
    const signedIn = await this.#transport.ask({
      method: 'POST',
      path: '/v1/sign-in',
      body: {
        account_number: challenge.subject,
        kind,
        login_public_key: encodeBase64(challenge.loginPublicKey),
        nonce: encodeBase64(challenge.nonce),
        signature: encodeBase64(signature),
        client: protocol.CLIENT,
      },
      read: protocol.readSignedIn,
    })
    checkSame(signedIn.accountNumber, challenge.subject)
    return signedIn
  }

  vault(): Promise<StoredVault> {
    return this.#transport.ask({
      method: 'GET',
      path: '/v1/vault',
      read: protocol.readStoredVault,
    })
  }

  signOut(): Promise<void> {
    return this.#transport.tell('POST', '/v1/sign-out')
  }

  close(
    account: AccountNumber,
    closing: Envelope,
    challenge: LoginChallenge,
    { kind, signature }: { kind: UnlockerKind; signature: Bytes },
  ): Promise<ClosedAccount> {
    return this.#transport.ask({
      method: 'POST',
      path: '/v1/closing',
      body: {
        account_number: account,
        closing: closing.toJSON(),
        kind,
        login_public_key: encodeBase64(challenge.loginPublicKey),
        nonce: encodeBase64(challenge.nonce),
        signature: encodeBase64(signature),
      },
      read: protocol.readClosedAccount,
    })
  }

  deliveries({ after, limit }: { after: string | null; limit: number }): Promise<DeliveriesPage> {
    const query = new URLSearchParams({ limit: String(limit) })
    if (after !== null) query.set('after', after)
    return this.#transport.ask({
      method: 'GET',
      path: `/v1/deliveries?${query}`,
      read: protocol.readDeliveriesPage,
    })
  }

  deliveryCover(deliveryId: string): Promise<DeliveredCover> {
    return this.#transport.ask({
      method: 'GET',
      path: deliveryPath(deliveryId, '/cover'),
      read: protocol.readDeliveredCover,
    })
  }

  withdrawal(deliveryId: string): Promise<DeliveredWithdrawal> {
    return this.#transport.ask({
      method: 'GET',
      path: deliveryPath(deliveryId, '/withdrawal'),
      read: protocol.readDeliveredWithdrawal,
    })
  }

  replaceCover(
    deliveryId: string,
    { replaces, cover }: { replaces: string; cover: Bytes },
  ): Promise<string> {
    return this.#transport.ask({
      method: 'PUT',
      path: deliveryPath(deliveryId, '/cover'),
      body: { replaces, cover: encodeBase64(cover) },
      read: protocol.readCoverHash,
    })
  }

  async collect(deliveryId: string): Promise<number> {
    const { sealedLength, address } = await this.#transport.ask({
      method: 'POST',
      path: deliveryPath(deliveryId, '/collect'),
      body: NOTHING,
      read: protocol.readCollected,
    })
    this.#store.note(deliveryId, address)
    return sealedLength
  }

  async readContents(
    deliveryId: string,
    range: { start: number; end: number },
    how: { onBytes: (count: number) => void; signal: AbortSignal },
  ): Promise<Bytes> {
    const path = deliveryPath(deliveryId, '/contents')
    if (!this.#store.has(deliveryId)) return this.#transport.fetchRange(path, range, how)
    try {
      return await this.#store.read(deliveryId, range, how)
    } catch (failure) {
      if (!(failure instanceof AddressExpiredError)) throw failure
      // Reading a long document takes longer than an address is good for.
      await this.collect(deliveryId)
      return this.#store.read(deliveryId, range, { ...how, isFresh: true })
    }
  }

  choices(): Promise<readonly PatientsOrganisation[]> {
    return this.#transport.ask({
      method: 'GET',
      path: '/v1/choices',
      read: protocol.readChoices,
    })
  }

  choose(organisation: string, choice: Envelope): Promise<void> {
    return this.#transport.ask({
      method: 'PUT',
      path: `/v1/choices/${checkHex(organisation, { length: HASH_BYTES })}`,
      body: { choice: choice.toJSON() },
      read: protocol.readNothing,
    })
  }

  terms(): Promise<TermsOffer> {
    return this.#transport.ask({ method: 'GET', path: '/v1/terms', read: protocol.readTermsOffer })
  }

  acceptance(): Promise<Envelope | null> {
    return this.#transport.ask({
      method: 'GET',
      path: '/v1/acceptance',
      read: protocol.readKeptAcceptance,
    })
  }

  accept(acceptance: Envelope): Promise<void> {
    return this.#transport.ask({
      method: 'PUT',
      path: '/v1/acceptance',
      body: { acceptance: acceptance.toJSON() },
      read: protocol.readNothing,
    })
  }

  postReceipt(deliveryId: string, receipt: Envelope): Promise<void> {
    return this.#transport.ask({
      method: 'PUT',
      path: deliveryPath(deliveryId, '/receipt'),
      body: { receipt: receipt.toJSON() },
      read: protocol.readReceived,
    })
  }
}

// The ids are checked once more: an id with a slash in it would be another path.
function claimPath(invitationId: string, rest = ''): string {
  return `/v1/claims/${checkHex(invitationId, { length: ID_BYTES })}${rest}`
}

function deliveryPath(deliveryId: string, rest: string): string {
  return `/v1/deliveries/${checkHex(deliveryId, { length: ID_BYTES })}${rest}`
}

function checkSame(answered: string, asked: string): void {
  if (answered !== asked) {
    throw new BrokenAnswerError('the answer is about something else than what was asked')
  }
}
