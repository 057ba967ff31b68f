"""The transaction that stores a deposit, and whom it may be for (docs/specs/mailbox.md §1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from souspli_exchange.ports.states import DepositState, InvitationStatus
from souspli_mailbox.deliveries import INITIAL
from souspli_mailbox.pending import first_look
from souspli_mailbox.records.deposits import OF_DOCUMENT
from souspli_mailbox.records.errors import (
    BackToPaperError,
    DocumentDiffersError,
    InvitationExpiredError,
    InvitationSupersededError,
    NotFoundError,
    RecipientClaimedError,
)
from souspli_mailbox.records.invitations import Invitation, read_invitation
from souspli_mailbox.records.jobs import JobName, enqueue
from souspli_mailbox.records.usage import Quota, require_room
from souspli_mailbox.schema import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCover:
    """A recipient's cover, checked for shape; `cover_hash` is its SHA-256."""

    delivery_id: str
    invitation_id: str
    recipient_fingerprint: str
    cover_hash: str
    cover: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMade:
    """A delivery that completing a deposit made."""

    delivery_id: str
    invitation_id: str
    letter_ends_at: int | None
    """Until when the letter that leads to it is good; None for an account."""


def completed_deposit(
    connection: Connection, *, organisation: str, document_id: str, request_hash: str
) -> tuple[DeliveryMade, ...] | None:
    """Return what completing with this very request made; None while it is `uploading`.

    Raises NotFoundError, or DocumentDiffersError when another request completed it.
    """
    row = connection.execute(
        OF_DOCUMENT, {"organisation": organisation, "document_id": document_id}
    ).one_or_none()
    if row is None:
        raise NotFoundError
    if row.state == DepositState.UPLOADING:
        return None
    if row.request_hash != request_hash:
        raise DocumentDiffersError
    delivery, letter = tables.deliveries.c, tables.invitations.c
    made = connection.execute(
        select(
            delivery.delivery_id,
            delivery.invitation_id,
            delivery.account_number,
            letter.not_after,
        )
        .join(tables.invitations, letter.invitation_id == delivery.invitation_id)
        .where(delivery.deposit_id == row.deposit_id)
        .order_by(delivery.position)
    )
    return tuple(
        DeliveryMade(
            delivery_id=one.delivery_id,
            invitation_id=one.invitation_id,
            letter_ends_at=one.not_after if one.account_number is None else None,
        )
        for one in made
    )


def require_completable(
    connection: Connection,
    *,
    organisation: str,
    document_id: str,
    request_hash: str,
    covers: Sequence[NewCover],
    now: int,
) -> tuple[DeliveryMade, ...] | None:
    """Return what this very request made; None if it may go on, so far as rows can tell.

    Routes ask before the object is completed; `complete_deposit` asks again. Raises
    what it does for its document and its recipients.
    """
    done = completed_deposit(
        connection, organisation=organisation, document_id=document_id, request_hash=request_hash
    )
    if done is None:
        check_recipients(connection, organisation=organisation, covers=covers, now=now)
    return done


def check_recipients(
    connection: Connection, *, organisation: str, covers: Sequence[NewCover], now: int
) -> tuple[Invitation, ...]:
    """Return the invitations of all covers, each sealed to the key in force.

    `pending` asks for the claim identity's fingerprint, `claimed` for the
    account identity's. Raises NotFoundError (or another organisation's),
    RecipientClaimedError, InvitationExpiredError, InvitationSupersededError,
    BackToPaperError.
    """
    return tuple(
        _check_recipient(connection, organisation=organisation, cover=cover, now=now)
        for cover in covers
    )


_STORE: Final = (
    update(tables.deposits)
    .where(
        tables.deposits.c.organisation == bindparam("whose"),
        tables.deposits.c.document_id == bindparam("which"),
    )
    .values(state=DepositState.STORED, stored_at=bindparam("now"), request_hash=bindparam("by"))
    .returning(tables.deposits.c.deposit_id)
)


def complete_deposit(
    connection: Connection,
    *,
    organisation: str,
    document_id: str,
    request_hash: str,
    covers: Sequence[NewCover],
    sender_cover: bytes,
    sender_cover_hash: str,
    quota: Quota,
    now: int,
) -> tuple[DeliveryMade, ...]:
    """Store the deposit: its covers, one delivery and one notification job for each.

    Step 4 of mailbox.md §1: called once the object is complete in the store, in
    one transaction. The same request again (by `request_hash`, over all of its
    bytes) gets the same answer, whatever has become of the invitations.
    Raises DocumentDiffersError, QuotaReachedError, and what `check_recipients` raises: then nothing
    is kept, and the deposit stays `uploading`. Each invitation is named once.
    """
    done = completed_deposit(
        connection, organisation=organisation, document_id=document_id, request_hash=request_hash
    )
    if done is not None:
        return done
    require_room(connection, organisation=organisation, quota=quota)
    invitations = check_recipients(connection, organisation=organisation, covers=covers, now=now)
    deposit_id = connection.execute(
        _STORE,
        {"whose": organisation, "which": document_id, "now": now, "by": request_hash},
    ).scalar_one()
    connection.execute(
        insert(tables.sender_covers),
        {"deposit_id": deposit_id, "cover_hash": sender_cover_hash, "cover": sender_cover},
    )
    connection.execute(
        insert(tables.deliveries),
        [
            {
                "delivery_id": cover.delivery_id,
                "deposit_id": deposit_id,
                "position": position,
                "invitation_id": cover.invitation_id,
                "account_number": invitation.account_number,
                "state": INITIAL,
                "stored_at": now,
                "remind_at": first_look(now),
                "cover_hash": cover.cover_hash,
            }
            for position, (cover, invitation) in enumerate(zip(covers, invitations, strict=True))
        ],
    )
    connection.execute(
        insert(tables.covers),
        [{"delivery_id": cover.delivery_id, "cover": cover.cover} for cover in covers],
    )
    for cover in covers:
        enqueue(connection, name=JobName.NOTIFY, ids={"delivery_id": cover.delivery_id}, now=now)
    return tuple(
        DeliveryMade(
            delivery_id=cover.delivery_id,
            invitation_id=cover.invitation_id,
            letter_ends_at=letter.not_after if letter.account_number is None else None,
        )
        for cover, letter in zip(covers, invitations, strict=True)
    )


_FINGERPRINT: Final = select(tables.accounts.c.fingerprint).where(
    tables.accounts.c.account_number == bindparam("account_number")
)


def _check_recipient(
    connection: Connection, *, organisation: str, cover: NewCover, now: int
) -> Invitation:
    invitation = read_invitation(connection, invitation_id=cover.invitation_id, now=now)
    if invitation.organisation != organisation:
        raise NotFoundError
    match invitation.status:
        case InvitationStatus.EXPIRED:
            raise InvitationExpiredError
        case InvitationStatus.SUPERSEDED:
            raise InvitationSupersededError
        case InvitationStatus.PENDING:
            in_force = invitation.claim_fingerprint
        case InvitationStatus.CLAIMED:
            in_force = connection.execute(
                _FINGERPRINT, {"account_number": invitation.account_number}
            ).scalar_one()
    if invitation.paper_since is not None:
        raise BackToPaperError(invitation_id=cover.invitation_id)
    if cover.recipient_fingerprint != in_force:
        raise RecipientClaimedError(invitation_id=cover.invitation_id)
    return invitation
