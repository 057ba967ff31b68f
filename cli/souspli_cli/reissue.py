"""After a new letter: what waits for the old one goes to the new one (claim.md §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from souspli_cli.addressbook import SentDocument, SentTo
from souspli_cli.recipients import own_copy
from souspli_exchange.reissue import rekey_waiting

if TYPE_CHECKING:
    from souspli_cli.addressbook import AddressBook
    from souspli_exchange.reissue import MovedDelivery
    from souspli_exchange.send import Sending


async def move_waiting(
    sending: Sending, book: AddressBook, address: str, *, now: int
) -> tuple[int, int]:
    """Move what waits for the invitation before the newest; say how many did and did not.

    May be repeated: what was moved is not found again.
    """
    patient = book.patient(address)
    confirmed = [i for i in patient.invitations if i.confirmed] if patient is not None else []
    if patient is None or len(confirmed) < 2:
        return 0, 0
    old, new = (own_copy(patient, invitation) for invitation in confirmed[-2:])
    if new.invitation.supersedes != old.invitation_id:
        return 0, 0
    done = await rekey_waiting(
        sending.sender, sending.mailbox, superseded=old, successor=new, now=now
    )
    for moved in done.moved:
        _note(book, moved, new.invitation_id)
    return len(done.moved), len(done.failures)


def _note(book: AddressBook, moved: MovedDelivery, invitation_id: str) -> None:
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
            to, invitation_id=invitation_id, manifest_hash=moved.manifest_hash
        )

    book.change_document(moved.document_id, change)
