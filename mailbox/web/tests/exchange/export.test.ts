/** An export over the simulated service: what is in it, and what it proves. */
import { describe, expect, test } from 'vitest'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { sha256Sync } from '../../lib/crypto/sha256.ts'
import { Receiving } from '../../lib/exchange/receive.ts'
import { resealWaiting } from '../../lib/exchange/reseal.ts'
import { Reader } from '../../lib/exchange/sealed.ts'
import { VerifiedWithdrawal } from '../../lib/exchange/withdrawal.ts'
import { decodeCanonical } from '../../lib/keys/canonical.ts'
import { verifyEnvelope } from '../../lib/keys/dsse.ts'
import { VerifiedMember } from '../../lib/keys/statements/chain.ts'
import { encodeHex } from '../../lib/keys/values.ts'
import { Vault } from '../../lib/keys/vault_contents.ts'
import { MailboxClient } from '../../lib/mailbox/client.ts'
import { Transport } from '../../lib/mailbox/transport.ts'
import {
  envelope,
  exportNow,
  FOLDER,
  filesOf,
  newSession,
  practice,
  prepareExports,
  reasons,
  stored,
  text,
  world,
} from '../support/export_world.ts'
import { PAGE } from '../support/simulated_service.ts'
import { makeDeposit, makePractice, makeWithdrawal, NOW, ORIGIN, REPORT } from '../support/world.ts'

prepareExports()

describe('an export', () => {
  test('has each document in a folder of its own, and two texts at the top', async () => {
    await stored('Bilan')
    await stored('Bilan')
    await stored('../../Échographie / CON: "?"')
    const exported = await exportNow()
    expect(exported.file?.name).toMatch(/^souspli-2027-01-1[45]\.tar$/)
    const files = await filesOf(exported)
    const documents = [
      `${FOLDER}.._.._Échographie _ CON_ ___`,
      `${FOLDER}Bilan`,
      `${FOLDER}Bilan (2)`,
    ]
    expect(reasons(exported)).toEqual(documents)
    const proofs = ['manifest', 'member', 'organisation'].map((name) => `souspli/${name}.json`)
    expect([...files.keys()].sort()).toEqual(
      [
        'LISEZ-MOI.txt',
        'documents.csv',
        ...documents.flatMap((folder) =>
          [REPORT.name, ...proofs].map((name) => `${folder}/${name}`),
        ),
      ].sort(),
    )
    const report = files.get(`${FOLDER}Bilan/${REPORT.name}`)
    expect(report?.content).toEqual(REPORT.content)
    expect(report?.changedAt).toBe(NOW)
    expect(text(files, 'LISEZ-MOI.txt')).toMatch(/VOS DOCUMENTS[\s\S]*YOUR MEDICAL DOCUMENTS/)
    expect(text(files, 'documents.csv').trimEnd().split('\r\n')).toHaveLength(4)
  })

  test('has the documents of two practices, each with its own proofs', async () => {
    const other = makePractice({ name: 'Laboratoire de l’Odet' })
    await stored('Bilan')
    const recipient = world.claimed.vault.identity.public
    const theirs = world.service.store(
      await makeDeposit(other, recipient, [REPORT], { title: 'Bilan' }),
    )
    const { organisation, member } = other.statements
    const fetch: typeof world.service.fetch = async (address, request) => {
      const answer = await world.service.fetch(address, request)
      if (!String(address).endsWith(`${theirs.deliveryId}/cover`)) return answer
      const about = { organisation: organisation.toJSON(), member: member.toJSON() }
      return Response.json({ ...((await answer.json()) as object), ...about })
    }
    const second = { fingerprint: other.root.public.fingerprint, name: '', pinnedAt: NOW }
    const pinned = [...world.claimed.vault.pinned, second]
    const vault = new Vault({ ...world.claimed.vault, pinned })
    const files = await filesOf(await exportNow(await newSession(fetch, vault)))
    const places = [FOLDER, '2027-01-15 Laboratoire de l’Odet - '].map((start) => `${start}Bilan`)
    const certified = places.map(
      (place) => envelope(files, `${place}/souspli/organisation.json`).payloadHash,
    )
    expect(certified).toEqual(
      [practice, other].map((one) => one.statements.organisation.payloadHash),
    )
    for (const place of places) {
      expect(files.get(`${place}/${REPORT.name}`)?.content).toEqual(REPORT.content)
    }
  })

  test('tells no sender that anything was opened', async () => {
    const delivery = await stored('Bilan')
    await exportNow()
    expect(delivery.state).toBe('fetched')
    expect(world.service.requests.filter(({ path }) => path.endsWith('/receipt'))).toEqual([])
  })

  test('keeps the name of a file that is called like the folder of proofs', async () => {
    await stored('Bilan', [{ ...REPORT, name: 'Souspli' }])
    const files = await filesOf(await exportNow())
    expect(files.has(`${FOLDER}Bilan/Souspli`)).toBe(true)
    expect(files.has(`${FOLDER}Bilan/souspli (2)/manifest.json`)).toBe(true)
  })

  test('of an empty account is no file', async () => {
    expect(await exportNow()).toMatchObject({ file: null, documents: [] })
  })
})

describe('what is kept beside a document', () => {
  test('proves its sender and its files, down to the organisation’s fingerprint', async () => {
    await stored('Bilan')
    const files = await filesOf(await exportNow())
    const place = `${FOLDER}Bilan/souspli`
    const organisation = practice.root.public.fingerprint
    const { member } = VerifiedMember.verify(
      {
        organisation: envelope(files, `${place}/organisation.json`),
        member: envelope(files, `${place}/member.json`),
      },
      { organisation, origin: ORIGIN, at: NOW },
    )
    const payload = verifyEnvelope(envelope(files, `${place}/manifest.json`), {
      payloadType: 'application/vnd.souspli.manifest+json',
      signer: member.member,
    })
    const hash = encodeHex(sha256Sync(REPORT.content))
    expect(decodeCanonical(payload)).toMatchObject({
      contents: { files: [{ name: REPORT.name, sha256: hash }] },
    })
  })

  test('has the grants of a document that was sealed to a letter first', async () => {
    world.service.store(await makeDeposit(practice, world.made.keys.identity.public))
    const aead = await chacha20Poly1305()
    const mailbox = new MailboxClient(new Transport({ page: PAGE, fetch: world.service.fetch }))
    const reader = Reader.ofVault(world.claimed.vault, { origin: ORIGIN, aead })
    const receiving = new Receiving({ reader, mailbox })
    await resealWaiting(receiving, world.claimed.vault, { now: NOW, report: () => {} })
    const files = await filesOf(await exportNow())
    const grant = envelope(files, `${FOLDER}Compte rendu/souspli/grant-1.json`)
    expect(decodeCanonical(grant.payload)).toMatchObject({
      reason: 'claim',
      to: world.claimed.vault.identity.public.fingerprint,
    })
  })

  test('has the withdrawal of a document that was withdrawn and can be read', async () => {
    const delivery = await stored('Bilan')
    const { documentId } = delivery.deposit
    Object.assign(delivery, { state: 'withdrawn', handedOut: true })
    delivery.withdrawal = makeWithdrawal(practice, documentId)
    const exported = await exportNow()
    expect(exported.documents).toMatchObject([{ folder: `${FOLDER}Bilan`, withdrawn: {} }])
    const files = await filesOf(exported)
    const place = `${FOLDER}Bilan/souspli/withdrawal`
    VerifiedWithdrawal.verify(envelope(files, `${place}.json`), {
      statements: {
        organisation: envelope(files, `${place}-organisation.json`),
        member: envelope(files, `${place}-member.json`),
      },
      trusted: new Set([practice.root.public.fingerprint]),
      origin: ORIGIN,
      documentId,
    })
    expect(text(files, 'documents.csv')).toContain(';oui;Retiré par Cabinet des Tilleuls')
  })
})
