"""Taking a document back: signed, noted, posted; and what had become of it by then.

The order, and what a crash leaves: signed and noted in the address book (or nothing);
posted; noted as taken. From the first step on ``souspli sent`` finishes the work, with the
very same envelope: the service knows a withdrawal by its hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from souspli_cli.addressbook import OwnWithdrawal
from souspli_cli.errors import Refused
from souspli_exchange.ids import DocumentId
from souspli_exchange.port_errors import WithdrawnError
from souspli_exchange.withdrawal import sign_withdrawal
from souspli_keys import dsse

if TYPE_CHECKING:
    from souspli_cli.addressbook import AddressBook, SentDocument
    from souspli_exchange.outgoing import SendingMember
    from souspli_exchange.ports.sender import SentDeliveries
    from souspli_exchange.send import Sending
    from souspli_exchange.withdrawal import WithdrawalReason


def note(
    sender: SendingMember,
    book: AddressBook,
    document_id: str,
    *,
    reason: WithdrawalReason,
    replaced_by: str | None,
    now: int,
) -> SentDocument:
    """Sign the document's withdrawal and keep it; one that is there already stays."""

    def change(there: SentDocument | None) -> SentDocument:
        if there is None:
            raise Refused("document_unknown")
        if there.withdrawal is not None:
            return there
        envelope = sign_withdrawal(
            DocumentId(document_id),
            member=sender.statement,
            signer=sender.identity,
            origin=sender.origin,
            reason=reason,
            replaced_by=None if replaced_by is None else DocumentId(replaced_by),
            now=now,
        )
        kept = OwnWithdrawal(
            withdrawn_at=now,
            reason=reason.value,
            replaced_by=replaced_by,
            withdrawal_hash=envelope.payload_hash,
            envelope=envelope.to_json(),
            taken=False,
        )
        return msgspec.structs.replace(there, withdrawal=kept)

    return book.change_document(document_id, change)


async def post(sending: Sending, document: SentDocument) -> SentDeliveries | None:
    """Have the service take the withdrawal that was noted; return how far everybody had come.

    None if the service has another one already: from another machine with the same
    profile, and taken back is taken back.

    Raises:
        PortError: The service is away or refuses; what was noted is posted again later.
    """
    kept = document.withdrawal
    if kept is None:
        raise Refused("document_unknown")
    try:
        return await sending.retry.repeat(
            lambda: sending.mailbox.withdraw(
                DocumentId(document.document_id), dsse.parse(kept.envelope)
            )
        )
    except WithdrawnError:
        return None


def forget(book: AddressBook, document: SentDocument) -> None:
    """Forget a withdrawal that the service refuses for good, so that another can be signed.

    Made under a wrong clock, for one: no repeat would put that right.
    """

    def change(there: SentDocument | None) -> SentDocument:
        there = there or document
        if there.withdrawal is None or there.withdrawal.taken:
            return there
        return msgspec.structs.replace(there, withdrawal=None)

    book.change_document(document.document_id, change)


def note_taken(book: AddressBook, document: SentDocument) -> SentDocument:
    """Note that the service has the document's withdrawal."""

    def change(there: SentDocument | None) -> SentDocument:
        there = there or document
        if there.withdrawal is None:
            return there
        taken = msgspec.structs.replace(there.withdrawal, taken=True)
        return msgspec.structs.replace(there, withdrawal=taken)

    return book.change_document(document.document_id, change)
