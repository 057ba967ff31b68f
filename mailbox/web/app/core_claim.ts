/** A letter and its claim, as the screens see them, over `lib/exchange/claim.ts`. */
import { Claim as ExchangeClaim, Letter, OpenedLetter } from '../lib/exchange/claim.ts'
import type { ClaimDesk } from '../lib/exchange/ports.ts'
import type { Origin } from '../lib/keys/address.ts'
import type { Argon2id } from '../lib/keys/argon2.ts'
import type { Vault } from '../lib/keys/vault_contents.ts'
import type { CheckedLetter, Claim, LetterSource, ReadTerms, Session } from './core.ts'
import { inWords, organisationOf } from './core_troubles.ts'
import type { Organisation } from './organisation.ts'

/** What claiming needs around it. */
export interface ClaimSurroundings {
  readonly desk: ClaimDesk
  readonly origin: Origin
  readonly argon2id: Argon2id
  /** Unix seconds. */
  readonly now: () => number
  /** What a bound account becomes. */
  readonly session: (vault: Vault) => Promise<Session>
}

/** Look a letter up and check it; see `Core.checkLetter`. */
export async function checkLetter(
  source: LetterSource,
  around: ClaimSurroundings,
): Promise<CheckedLetter> {
  return inWords(async () => {
    const { desk, origin, argon2id, now } = around
    const letter =
      source.kind === 'scanned'
        ? new Letter(source)
        : Letter.fromTyped(await desk.lookUpLetter(source.letterNumber), source.code)
    const record = await desk.claimRecord(letter.invitationId)
    const opened = await OpenedLetter.open(letter, record, { origin, now: now(), argon2id })
    return new LibLetter(opened, around)
  })
}

class LibLetter implements CheckedLetter {
  readonly organisation: Organisation
  readonly notAfter: number
  readonly #opened: OpenedLetter
  readonly #around: ClaimSurroundings

  constructor(opened: OpenedLetter, around: ClaimSurroundings) {
    this.organisation = organisationOf(opened.invitation)
    this.notAfter = opened.invitation.record.notAfter
    this.#opened = opened
    this.#around = around
  }

  async prove(): Promise<Claim> {
    // Not this organisation's phone here: who is told "used" at this point reads the
    // general words, which begin with "if that was you".
    const claim = await inWords(() => ExchangeClaim.prove(this.#opened, this.#around.desk))
    return new LibClaim(this, claim, this.#around)
  }
}

class LibClaim implements Claim {
  readonly letter: CheckedLetter
  readonly maskedAddress: string
  readonly #claim: ExchangeClaim
  readonly #around: ClaimSurroundings

  constructor(letter: CheckedLetter, claim: ExchangeClaim, around: ClaimSurroundings) {
    this.letter = letter
    this.maskedAddress = claim.maskedAddress
    this.#claim = claim
    this.#around = around
  }

  sendEmailCode(): Promise<{ readonly mailsLeft: number }> {
    const { organisation } = this.letter
    return inWords(() => this.#claim.sendEmailCode(), { organisation, throttled: 'mails-used-up' })
  }

  checkEmailCode(code: string): Promise<void> {
    const { organisation } = this.letter
    return inWords(() => this.#claim.checkEmailCode(code), {
      organisation,
      throttled: 'email-code-wrong',
    })
  }

  checkPerson(person: { surname: string; birthDate: string }): Promise<void> {
    const { organisation } = this.letter
    return inWords(() => this.#claim.checkPerson(person), {
      organisation,
      throttled: 'person-wrong',
    })
  }

  bind(password: string, terms: ReadTerms): Promise<Session> {
    const { organisation } = this.letter
    const { argon2id, now, session } = this.#around
    return inWords(
      async () =>
        session((await this.#claim.bind(password, { argon2id, now: now(), terms })).vault),
      { organisation },
    )
  }
}
