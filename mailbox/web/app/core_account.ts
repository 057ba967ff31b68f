/** What the account screen asks of the exchange: practices' ways, and the operator's terms. */
import {
  type Chooser,
  choose,
  type PracticeChoice as LibPracticeChoice,
  readChoices,
} from '../lib/exchange/choices.ts'
import type { ChoiceDesk, TermsDesk } from '../lib/exchange/ports.ts'
import { readAcceptance, signAcceptance } from '../lib/exchange/terms.ts'
import type { Origin } from '../lib/keys/address.ts'
import type { Way } from '../lib/keys/statements/way.ts'
import type { Vault } from '../lib/keys/vault_contents.ts'
import type { PracticeChoice, ReadTerms, TermsState } from './core.ts'

/** Who asks, and whom. */
export interface AccountSurroundings {
  readonly desk: ChoiceDesk & TermsDesk
  readonly origin: Origin
  /** Unix seconds. */
  readonly now: () => number
}

/** Return what was said for each practice. */
export async function listChoices(
  vault: Vault,
  around: AccountSurroundings,
): Promise<readonly PracticeChoice[]> {
  return (await readChoices(around.desk, chooserOf(vault, around))).map(shown)
}

/** Say to a practice how it is to write; return what counts for each practice then. */
export async function chooseWay(
  vault: Vault,
  { id, way }: { id: string; way: Way },
  around: AccountSurroundings,
): Promise<readonly PracticeChoice[]> {
  const who = chooserOf(vault, around)
  // Read anew: what the practice noted meanwhile is what this word comes after.
  const found = await readChoices(around.desk, who)
  const before = found.find((one) => one.organisation.root.fingerprint === id)
  if (before !== undefined && before.inForce?.way !== way) {
    await choose(around.desk, before, { way, who, now: around.now() })
  }
  return listChoices(vault, around)
}

/** Return which terms there are, and which of them the account accepted. */
export async function readTermsState(
  vault: Vault,
  around: AccountSurroundings,
): Promise<TermsState> {
  const { inForce, announced } = await around.desk.terms()
  const accepted = await ownAcceptance(vault, around)
  const version = accepted?.statement.termsVersion ?? null
  return {
    inForce,
    announced: announced?.version === version ? null : announced,
    accepted: accepted && {
      version: accepted.statement.termsVersion,
      at: accepted.statement.line.issuedAt,
    },
    // Who accepted the announced ones already is not asked again when their day comes.
    due: version !== inForce.version && version !== announced?.version,
  }
}

/** Accept what was read. */
export async function acceptTerms(
  vault: Vault,
  read: ReadTerms,
  around: AccountSurroundings,
): Promise<TermsState> {
  const before = await ownAcceptance(vault, around)
  const { desk, origin, now } = around
  await desk.accept(signAcceptance(read, { signer: vault.identity, origin, now: now(), before }))
  return readTermsState(vault, around)
}

async function ownAcceptance(vault: Vault, { desk, origin }: AccountSurroundings) {
  return readAcceptance(await desk.acceptance(), { identity: vault.identity.public, origin })
}

function chooserOf(vault: Vault, { origin }: AccountSurroundings): Chooser {
  const pinned = new Set(vault.pinned.map(({ fingerprint }) => fingerprint))
  return { identity: vault.identity, origin, pinned }
}

function shown({ organisation, consent, inForce }: LibPracticeChoice): PracticeChoice {
  const { name, phone, root } = organisation
  return {
    id: root.fingerprint,
    organisation: { name, phone },
    inForce,
    noted: consent && { way: consent.way, how: consent.how, at: consent.givenAt },
  }
}
