"""Documents on their way: sealed, noted in the address book, deposited, let go.

The order, and what a crash leaves: sealed into the outbox (or nothing); noted in
the address book; deposited; noted as stored; removed from the outbox. From the
first step on ``souspli send --resume`` finishes the work, however often it is
interrupted: the service knows a document by its id.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from souspli_cli import recipients, worklist_rules
from souspli_cli.addressbook import Patient, SentDocument, SentTo
from souspli_cli.connection import sending_member
from souspli_cli.errors import CliError, Refused
from souspli_exchange.ids import InvitationId
from souspli_exchange.outgoing import draft_of, spool_cover
from souspli_exchange.port_errors import BrokenAnswerError
from souspli_exchange.ports.states import DeliveryState, DepositState
from souspli_exchange.send import resume

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from souspli_cli.account import Account
    from souspli_cli.spool import FolderSpool
    from souspli_exchange.binding import VerifiedRecipient
    from souspli_exchange.outgoing import Draft
    from souspli_exchange.sending import Sending, SentCover
    from souspli_exchange.spool import Spool, SpooledCover, SpooledDocument

LOST = worklist_rules.LOST


def note(
    account: Account,
    spooled: SpooledDocument,
    *,
    draft: Draft | None = None,
    known: Mapping[str, Patient] | None = None,
    then: Callable[[SentDocument], SentDocument] = lambda noted: noted,
) -> SentDocument:
    """Have a sealed document in the address book.

    `draft` is what its covers were made from, for who made them just now; otherwise its own
    cover is opened. `known`: patients by invitation, for who knows them; otherwise all the
    book's are read. `then` changes the entry in the same step: one durable write and not two.

    Raises:
        ExchangeError: The document's own cover does not open: it was altered.
    """
    if draft is None:
        sender = sending_member(account)
        draft = draft_of(sender.open_own_cover(spooled.sender_cover, spooled.document_id))
    description, contents, created_at = draft.document, draft.contents, draft.created_at
    known = _patients(account) if known is None else known

    def change(there: SentDocument | None) -> SentDocument:
        if there is not None and there.stored:
            return then(there)
        return then(made())

    def made() -> SentDocument:
        return SentDocument(
            document_id=spooled.document_id,
            title=description.title,
            kind=description.kind,
            date=description.date,
            created_at=created_at,
            files=tuple(file.name for file in contents.files),
            stored=False,
            replaces=description.replaces,
            priority=description.priority.value,
            recipients=tuple(
                SentTo(
                    address=known[c.invitation_id].address if c.invitation_id in known else "",
                    invitation_id=c.invitation_id,
                    manifest_hash=c.manifest_hash,
                )
                for c in spooled.covers
            ),
        )

    return account.book.change_document(spooled.document_id, change)


async def deposit(
    account: Account,
    sending: Sending,
    spool: Spool,
    spooled: SpooledDocument,
    *,
    now: int,
    draft: Draft | None = None,
    known: Mapping[str, Patient] | None = None,
    just_verified: Sequence[VerifiedRecipient] = (),
) -> SentDocument:
    """Deposit a sealed document and record it; only then is it let go.

    `draft` and `known` as in `note`. `just_verified`: recipients that were asked about for
    this very try, and aren't again.

    Raises:
        ExchangeError: The service is away, refuses, or a recipient must not be sent
            to; the document stays in the outbox.
    """
    own_copies = {
        InvitationId(invitation.invitation_id): recipients.own_copy(patient, invitation)
        for patient in (_patients(account) if known is None else known).values()
        for invitation in patient.invitations
    }
    deposited = await resume(sending, spooled, own_copies, just_verified=just_verified, now=now)
    covers = {cover.invitation_id: cover for cover in deposited.covers}
    return _let_go(account, spool, spooled, covers, draft=draft, known=known)


async def deliver_kept(
    account: Account,
    sending: Sending,
    spool: Spool,
    spooled: SpooledDocument,
    *,
    now: int,
    known: Mapping[str, Patient] | None = None,
) -> SentDocument:
    """Deposit a document that was kept, whatever has happened since. `known` as in `note`.

    Who was given a new letter meanwhile gets a cover for that one.

    Raises:
        Refused: A recipient must not be sent to; the document stays in the outbox.
        ExchangeError: As `deposit`.
    """
    progress = await sending.retry.repeat(
        lambda: sending.mailbox.open_deposit(
            spooled.document_id,
            sealed_length=spooled.sealed_length,
            segments=len(spooled.checksums),
        )
    )
    if progress.state is DepositState.UPLOADING:
        spooled = await _readdressed(account, sending, spool, spooled, known=known, now=now)
        return await deposit(account, sending, spool, spooled, now=now, known=known)
    try:
        return await deposit(account, sending, spool, spooled, now=now, known=known)
    except BrokenAnswerError:
        # Stored long ago, its answer lost, and a new letter was made since: the
        # delivery has another invitation now. `souspli sent` finds it.
        return _let_go(account, spool, spooled, {}, known=known)


async def _readdressed(
    account: Account,
    sending: Sending,
    spool: Spool,
    spooled: SpooledDocument,
    *,
    known: Mapping[str, Patient] | None,
    now: int,
) -> SpooledDocument:
    """Give the document with each cover for the invitation that is in force now."""
    known = _patients(account) if known is None else known
    covers = list(spooled.covers)
    for place, cover in enumerate(covers):
        if cover.invitation_id not in known:
            raise Refused("recipient_unknown")
        patient = known[cover.invitation_id]
        recipient = await recipients.find(sending, account.book, patient, now=now)
        if recipient.identity.fingerprint != cover.recipient:
            covers[place] = _cover_for(account, spooled, recipient)
    if tuple(covers) == spooled.covers:
        return spooled
    changed = replace(spooled, covers=tuple(covers))
    # Before anything is sent: a receipt will name the manifest of the new cover.
    spool.commit(changed)
    note(account, changed, known=known)
    return changed


def _let_go(
    account: Account,
    spool: Spool,
    spooled: SpooledDocument,
    covers: Mapping[InvitationId, SentCover],
    *,
    draft: Draft | None = None,
    known: Mapping[str, Patient] | None,
) -> SentDocument:

    def with_delivery(to: SentTo) -> SentTo:
        cover = covers.get(InvitationId(to.invitation_id))
        if cover is None:
            return to
        return msgspec.structs.replace(
            to,
            delivery_id=cover.delivery_id,
            manifest_hash=cover.manifest_hash,
            state=DeliveryState.STORED.value,
            letter_ends_at=cover.letter_ends_at,
        )

    def as_stored(there: SentDocument) -> SentDocument:
        return msgspec.structs.replace(
            there, stored=True, recipients=tuple(map(with_delivery, there.recipients))
        )

    stored = note(account, spooled, draft=draft, known=known, then=as_stored)
    spool.discard(spooled.document_id)
    return stored


def give_up(account: Account, spool: FolderSpool, spooled: SpooledDocument) -> None:
    """Forget a sealed document that was refused for good."""
    account.book.forget_document(spooled.document_id)
    spool.discard(spooled.document_id)


def as_json(document: SentDocument) -> dict[str, object]:
    """Give a document as ``--json`` shows it everywhere (docs/cli.md)."""
    return {
        "document_id": document.document_id,
        "title": document.title,
        "kind": document.kind,
        "date": document.date,
        "created_at": document.created_at,
        "files": list(document.files),
        "stored": document.stored,
        "priority": document.priority,
        "recipients": [
            {
                "address": to.address,
                "invitation_id": to.invitation_id,
                "delivery_id": to.delivery_id,
                "state": to.state,
                "moments": to.moments,
                "opened_verified": to.opened_verified,
                "bounce_reason": to.bounce_reason,
                "letter_ends_at": to.letter_ends_at,
            }
            for to in document.recipients
        ],
        "replaces": document.replaces,
        "withdrawal": None
        if document.withdrawal is None
        else {
            "withdrawn_at": document.withdrawal.withdrawn_at,
            "reason": document.withdrawal.reason,
            "replaced_by": document.withdrawal.replaced_by,
            "taken": document.withdrawal.taken,
        },
    }


def _cover_for(
    account: Account, spooled: SpooledDocument, recipient: VerifiedRecipient
) -> SpooledCover:
    sender = sending_member(account)
    own = sender.open_own_cover(spooled.sender_cover, spooled.document_id)
    return spool_cover(draft_of(own), own.document_key, recipient, sender=sender)


def _patients(account: Account) -> Mapping[str, Patient]:
    """Give every invitation's patient; unreadable entries are nobody's.

    Where an address was corrected, both entries have its older invitations: the one
    that goes on counts.
    """
    return {
        invitation.invitation_id: patient
        for patient in sorted(
            (one for one in account.book.patients() if not isinstance(one, CliError)),
            key=lambda one: one.moved_to is None,
        )
        for invitation in patient.invitations
    }
