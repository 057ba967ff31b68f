"""Sending one document of the spool: verified, covered, deposited, noted.

docs/specs/bridge.md §1 and §8. What a crash leaves stands beside each step; every step
finds what the one before has left, and none is done twice.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from souspli_cli import outbox, recipients
from souspli_cli.bridge.sending.document_spool import DocumentSpool
from souspli_cli.errors import Refused
from souspli_cli.intake.values import Change
from souspli_exchange.manifest import Description, Sex
from souspli_exchange.manifest import Patient as ManifestPatient
from souspli_exchange.outgoing import Draft, sign_cover, spool_cover
from souspli_exchange.spool import SpooledDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from souspli_cli.account import Account
    from souspli_cli.addressbook import Patient
    from souspli_cli.bridge.letters.inviting import Inviter
    from souspli_cli.bridge.routing import Target
    from souspli_cli.bridge.slip import DocumentSlip
    from souspli_cli.bridge.spool import MailSpool, SpooledMail
    from souspli_exchange.binding import VerifiedRecipient
    from souspli_exchange.ids import DocumentId
    from souspli_exchange.sending import Sending
    from souspli_exchange.spool import Spool


class Delivery:
    """Sends documents as the profile's member."""

    def __init__(
        self,
        account: Account,
        spool: MailSpool,
        *,
        title: str,
        corrected: Callable[[DocumentSlip, Target], DocumentId | None],
        inviter: Inviter,
    ) -> None:
        """`title`: of documents that have none.

        `corrected` gives the delivered document that a slip corrects, for the same people.
        """
        self._account = account
        self._spool = spool
        self._title = title
        self._corrected = corrected
        self._inviter = inviter

    async def deliver(
        self,
        line: Callable[[Spool], Sending],
        mail: SpooledMail,
        number: int,
        target: Target,
        *,
        now: int,
    ) -> None:
        """Return once the service has the document and the address book says so.

        Raises Refused for a recipient who must not be sent to, PortError and other
        ExchangeErrors; the document stays as it is, and may be delivered again.
        """
        slip = mail.documents[number]
        noted = self._account.book.document(slip.document_id)
        if noted is not None and noted.stored:
            # Killed after that, before the ledger: new covers would be other bytes.
            return
        spool = DocumentSpool(self._spool, mail, number)
        sending = line(spool)
        if target.patient is not None:
            await self._inviter.ensure(sending, slip, target.patient)
        # Read once; what is learnt of them on the way changes nothing that is looked at here.
        patients = [self._patient(address) for address in target.addresses]
        known = self._known(patients)
        spooled = spool.committed()
        # Covers of a try that was refused for good, for others than are meant now, are made
        # again: nothing was stored with them.
        if spooled is not None and _is_for(spooled, target, known):
            await outbox.deliver_kept(self._account, sending, spool, spooled, now=now, known=known)
            return
        found = [
            await recipients.find(sending, self._account.book, patient, now=now)
            for patient in patients
        ]
        draft = self._draft(mail, slip, target, patients)
        spooled = _covered(sending, slip, draft, found)
        # Before anything leaves: a crash from here on finds these covers, and the service
        # is never given others for the same document.
        spool.commit(spooled)
        await outbox.deposit(
            self._account,
            sending,
            spool,
            spooled,
            now=now,
            draft=draft,
            known=known,
            just_verified=found,
        )

    def _draft(
        self, mail: SpooledMail, slip: DocumentSlip, target: Target, patients: Sequence[Patient]
    ) -> Draft:
        return Draft(
            document_id=slip.id,
            created_at=mail.slip.received_at,
            document=self._description(mail, slip, target, patients),
            contents=slip.contents.contents,
        )

    def _description(
        self, mail: SpooledMail, slip: DocumentSlip, target: Target, patients: Sequence[Patient]
    ) -> Description:
        corrects = slip.change is Change.REPLACES
        day = time.strftime("%Y-%m-%d", time.localtime(mail.slip.received_at))
        return Description(
            title=slip.title or self._title,
            date=slip.date or day,
            patient=_manifest_patient(slip, target, patients),
            kind=slip.kind,
            priority=slip.priority,
            replaces=self._corrected(slip, target) if corrects else None,
        )

    def _patient(self, address: str) -> Patient:
        patient = self._account.book.patient(address)
        if patient is None:
            raise Refused("no_invitation", address=address)
        return patient

    def _known(self, patients: Sequence[Patient]) -> dict[str, Patient]:
        """Give these people by their invitations; where one moved, the one that goes on."""
        known: dict[str, Patient] = {}
        for patient in patients:
            known |= {letter.invitation_id: patient for letter in patient.invitations}
            if patient.moved_to is not None:
                now_there = self._patient(patient.moved_to)
                known |= {letter.invitation_id: now_there for letter in now_there.invitations}
        return known


def _covered(
    sending: Sending, slip: DocumentSlip, draft: Draft, found: Sequence[VerifiedRecipient]
) -> SpooledDocument:
    kept, sender = slip.contents, sending.sender
    key = kept.key
    return SpooledDocument(
        document_id=slip.id,
        sealed_length=kept.sealed_length,
        checksums=kept.segment_checksums,
        covers=tuple(spool_cover(draft, key, one, sender=sender) for one in found),
        sender_cover=sign_cover(draft, key, sender.identity.public, sender=sender).sealed,
    )


def _manifest_patient(
    slip: DocumentSlip, target: Target, patients: Sequence[Patient]
) -> ManifestPatient:
    said = slip.traits
    if target.patient is not None:
        traits = patients[0].traits  # of a target's addresses, the patient's is the first
        return ManifestPatient(
            birth_name=traits.birth_name,
            given_names=traits.given_names,
            birth_date=traits.birth_date,
            sex=Sex(traits.sex),
            ins=None if target.without_ins else said.as_ins,
        )
    if not (said.birth_name and said.given_names and said.birth_date and said.sex):
        raise Refused("bridge_no_traits")
    return ManifestPatient(
        said.birth_name, said.given_names, said.birth_date, said.sex, said.as_ins
    )


def _is_for(spooled: SpooledDocument, target: Target, known: Mapping[str, Patient]) -> bool:
    """Say whether covers are those of a target's people, one for each."""
    whose = {
        known[cover.invitation_id].address
        for cover in spooled.covers
        if cover.invitation_id in known
    }
    return len(whose) == len(spooled.covers) == len(target.addresses)
