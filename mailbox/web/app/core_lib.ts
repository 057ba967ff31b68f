/** The screens' `Core` over the real keys, exchange and service: where concrete classes meet. */

import type { Aead } from '../lib/crypto/aead.ts'
import { chacha20Poly1305 } from '../lib/crypto/chacha20poly1305.ts'
import { PageReader, type StartReader } from '../lib/exchange/contents_reader.ts'
import { choosePlace } from '../lib/exchange/kept_segments.ts'
import { SegmentLayout } from '../lib/exchange/segments.ts'
import { signIn } from '../lib/exchange/sign_in.ts'
import { parseOrigin } from '../lib/keys/address.ts'
import type { Vault } from '../lib/keys/vault_contents.ts'
import { MailboxClient } from '../lib/mailbox/client.ts'
import { Transport } from '../lib/mailbox/transport.ts'
import type { Core } from './core.ts'
import { checkLetter } from './core_claim.ts'
import type { ArchivePlaces } from './core_export.ts'
import { LibSession } from './core_session.ts'
import { inWords } from './core_troubles.ts'
import { deleteHeldCopy, holdCopy } from './files/handed_copies.ts'
import { MemoryArchive } from './files/memory_archive.ts'
import { endVisit } from './files/visit.ts'
import { ORIGIN } from './origin.ts'
import { Trouble } from './trouble.ts'
import { WorkerArchive } from './worker/archive.ts'
import { argon2idInWorker } from './worker/argon2id.ts'
import { WorkerReader } from './worker/contents.ts'

const MILLISECONDS_PER_SECOND = 1_000

/** Return the core of the page that this script stands in. */
export function libCore(): Core {
  const mailbox = new MailboxClient(new Transport({ page: location.href }))
  const around = {
    mailbox,
    desk: mailbox,
    origin: parseOrigin(ORIGIN),
    argon2id: argon2idInWorker,
    now: () => Math.floor(Date.now() / MILLISECONDS_PER_SECOND),
    // The cipher is chosen here, not before: a browser without a native one fetches half a
    // megabyte for it, and the first screen does not wait for that.
    session: async (vault: Vault) => {
      const aead = await chacha20Poly1305()
      const startReader = readerFor(aead)
      return new LibSession(vault, { ...around, aead, startReader, archivePlaces, endVisit })
    },
  }
  return {
    checkLetter: (source) => checkLetter(source, around),
    terms: () => inWords(async () => (await mailbox.terms()).inForce),
    signIn: (who) =>
      inWords(async () => {
        const { vault, kind } = await signIn(mailbox, { ...who, ...around })
        if (kind !== 'patient') {
          await mailbox.signOut()
          throw new Trouble('not-a-patient')
        }
        return around.session(vault)
      }),
  }
}

/**
 * A short archive is written in memory, as a short document is opened there: no plaintext
 * of it is ever in a private file. Every longer one gets a worker.
 */
const archivePlaces: ArchivePlaces = {
  open: async ({ length, working }) =>
    (await choosePlace(length, () => WorkerArchive.open(length + working))) ?? new MemoryArchive(),
  copies: { hold: holdCopy, delete: deleteHeldCopy },
}

/**
 * A document of one segment is opened in the page: that takes no longer than it takes a
 * worker to start. Every longer one gets a worker.
 */
function readerFor(aead: Aead): StartReader {
  return (question) =>
    new SegmentLayout(question.contents.paddedLength).count === 1
      ? new PageReader(question, { aead })
      : new WorkerReader(question)
}
