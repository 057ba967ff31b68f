"""After a new letter: what waits for the old one goes to the new one (claim.md §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from souspli_cli.addressbook import SentDocument, SentTo
from souspli_cli.recipients import own_copy
from souspli_exchange.reissue import rekey_waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souspli_cli.addressbook import AddressBook, Patient
    from souspli_exchange.binding import OwnCopy
    from souspli_exchange.reissue import MovedDelivery
    from souspli_exchange.sending import Sending


async def move_waiting(
    sending: Sending, book: AddressBook, address: str, *, now: int
) -> tuple[int, int]:
    """Move what waits for the invitations before the newest; say how many did and did not.

    May be repeated: what was moved is not found again. Also by the next invitation, if
    whoever published this one was killed before.
    """
    patient = book.patient(address)
    confirmed = [i for i in patient.invitations if i.confirmed] if patient is not None else []
    if patient is None or not confirmed:
        return 0, 0
    new = own_copy(patient, confirmed[-1])
    replaced = list(_replaced_by(new, patient))
    if not replaced:
        return 0, 0
    done = await rekey_waiting(
        sending.sender,
        sending.mailbox,
        superseded=replaced[0],
        successor=new,
        earlier=replaced[1:],
        now=now,
    )
    for moved in done.moved:
        _note(book, moved, new.invitation_id, address=address)
    return len(done.moved), len(done.failures)


def _replaced_by(new: OwnCopy, patient: Patient) -> Iterator[OwnCopy]:
    """Yield the invitation that this one replaced, the one before it, and so on.

    Unconfirmed ones too: one whose answer was lost was published all the same.
    """
    known = {invitation.invitation_id: invitation for invitation in patient.invitations}
    while (before := known.pop(new.invitation.supersedes or "", None)) is not None:
        new = own_copy(patient, before)
        yield new


def _note(book: AddressBook, moved: MovedDelivery, invitation_id: str, *, address: str) -> None:
    document = book.document(moved.document_id)
    if document is None:
        return

    def change(there: SentDocument | None) -> SentDocument:
        document_there = there or document
        return msgspec.structs.replace(
            document_there, recipients=tuple(map(with_new, document_there.recipients))
        )

    def with_new(to: SentTo) -> SentTo:
        if to.delivery_id != moved.delivery_id:
            return to
        return msgspec.structs.replace(
            to,
            # Another one, if it was corrected.
            address=address,
            invitation_id=invitation_id,
            manifest_hash=moved.manifest_hash,
            letter_ends_at=None,
            handled=None,
        )

    book.change_document(moved.document_id, change)
