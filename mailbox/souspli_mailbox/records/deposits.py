"""A sender's deposits, and the transaction that stores one (docs/specs/mailbox.md §1)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, select, tuple_, update

from souspli_exchange.ports.states import DeliveryState, DepositState, InvitationStatus
from souspli_mailbox.deliveries import INITIAL
from souspli_mailbox.pending import first_look
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
from souspli_mailbox.records.usage import Quota, require_room, take
from souspli_mailbox.schema import tables
from souspli_storage.database import each_statement_decides


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeposit:
    """An upload that a member opens. `object_key`: 32 random hexadecimal digits."""

    organisation: str
    document_id: str
    member: str
    object_key: str
    sealed_length: int
    segments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """A deposit. `object_key` names its object in the store, random and without meaning.

    It leaves the service only in addresses at the store, for who may put or read it.
    """

    deposit_id: int
    organisation: str
    document_id: str
    member: str
    state: DepositState
    object_key: str
    sealed_length: int
    segments: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SentDelivery:
    """A delivery as its sender sees it."""

    delivery_id: str
    invitation_id: str
    state: DeliveryState
    stored_at: int
    notified_at: int | None
    bounced_at: int | None
    fetched_at: int | None
    opened_at: int | None
    withdrawn_at: int | None
    expired_at: int | None
    bounce_reason: str | None
    receipt: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentDeposit:
    """A stored deposit with its deliveries, in the order in which they were made."""

    document_id: str
    stored_at: int
    withdrawal_hash: str | None
    """Of the withdrawal that is kept: the sender posts it again if it was lost."""
    deliveries: tuple[SentDelivery, ...]


# Made once: every request of a sender runs it.
_OF_DOCUMENT: Final = select(tables.deposits).where(
    tables.deposits.c.organisation == bindparam("organisation"),
    tables.deposits.c.document_id == bindparam("document_id"),
)


_OPEN: Final = insert(tables.deposits).returning(tables.deposits.c.deposit_id)


@each_statement_decides
def open_deposit(connection: Connection, *, deposit: NewDeposit, quota: Quota, now: int) -> Deposit:
    """Return the deposit of this document, `uploading` from now on if it is new.

    Its `object_key` is the one to use: a repeat gets the first one's. Raises
    DocumentDiffersError when the document id is taken by other bytes or by
    another member, QuotaReachedError for a new one that is too much.
    """
    table = tables.deposits.c
    found = _find(connection, organisation=deposit.organisation, document_id=deposit.document_id)
    if found is None:
        values: dict[str, Any] = dataclasses.asdict(deposit)
        values["state"] = DepositState.UPLOADING
        deposit_id = connection.execute(_OPEN, values | {"opened_at": now}).scalar_one()
        # Last, because others of the organisation wait from here on.
        take(
            connection,
            organisation=deposit.organisation,
            sealed_bytes=deposit.sealed_length,
            quota=quota,
            now=now,
        )
        return Deposit(deposit_id=deposit_id, **values)
    if (found.member, found.sealed_length, found.segments) != (
        deposit.member,
        deposit.sealed_length,
        deposit.segments,
    ):
        raise DocumentDiffersError
    if found.state is DepositState.UPLOADING:
        # Resuming is using: the day after which it is swept begins again.
        resumed = connection.execute(
            update(tables.deposits)
            .where(table.deposit_id == found.deposit_id, table.state == DepositState.UPLOADING)
            .values(opened_at=now)
            .returning(table.deposit_id)
        )
        if resumed.first() is None:
            # Swept or completed between the two statements: begin again from what is.
            return open_deposit(connection, deposit=deposit, quota=quota, now=now)
    return found


def read_deposit(connection: Connection, *, organisation: str, document_id: str) -> Deposit:
    """Return the organisation's deposit of this document; NotFoundError if there is none."""
    found = _find(connection, organisation=organisation, document_id=document_id)
    if found is None:
        raise NotFoundError
    return found


def completed_deposit(
    connection: Connection, *, organisation: str, document_id: str, request_hash: str
) -> tuple[DeliveryMade, ...] | None:
    """Return what completing with this very request made; None while it is `uploading`.

    Raises NotFoundError, or DocumentDiffersError when another request completed it.
    """
    row = connection.execute(
        _OF_DOCUMENT, {"organisation": organisation, "document_id": document_id}
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


def sent_deposits(
    connection: Connection, *, member: str, after: tuple[int, str] | None, limit: int
) -> tuple[SentDeposit, ...]:
    """Return a member's stored deposits, newest first, following `after`.

    `after` is (stored_at, document_id) of the last one on the page before.
    """
    table = tables.deposits.c
    page = (
        select(
            table.deposit_id,
            table.document_id,
            table.stored_at,
            tables.withdrawals.c.withdrawal_hash,
        )
        .outerjoin(tables.withdrawals, tables.withdrawals.c.deposit_id == table.deposit_id)
        .where(table.member == member, table.stored_at.is_not(None))
        .order_by(table.stored_at.desc(), table.document_id.desc())
        .limit(limit)
    )
    if after is not None:
        page = page.where(tuple_(table.stored_at, table.document_id) < tuple_(*after))
    deposits = connection.execute(page).all()
    deliveries = _sent_deliveries(connection, [one.deposit_id for one in deposits])
    return tuple(
        SentDeposit(
            document_id=one.document_id,
            stored_at=one.stored_at,
            withdrawal_hash=one.withdrawal_hash,
            deliveries=deliveries[one.deposit_id],
        )
        for one in deposits
    )


def sent_deliveries(connection: Connection, *, deposit_id: int) -> tuple[SentDelivery, ...]:
    """Return the deliveries of one deposit as its sender sees them, in their order."""
    return _sent_deliveries(connection, [deposit_id])[deposit_id]


def _sent_deliveries(
    connection: Connection, deposit_ids: Sequence[int]
) -> dict[int, tuple[SentDelivery, ...]]:
    delivery = tables.deliveries.c
    rows = connection.execute(
        select(tables.deliveries, tables.receipts.c.envelope.label("receipt"))
        .outerjoin(tables.receipts, tables.receipts.c.delivery_id == delivery.delivery_id)
        .where(delivery.deposit_id.in_(deposit_ids))
        .order_by(delivery.deposit_id, delivery.position)
    ).all()
    return {one: tuple(_sent(row) for row in rows if row.deposit_id == one) for one in deposit_ids}


def read_sender_cover(connection: Connection, *, deposit_id: int) -> bytes:
    """Return the sender's own cover; NotFoundError while the deposit is `uploading`."""
    cover = connection.execute(
        select(tables.sender_covers.c.cover).where(tables.sender_covers.c.deposit_id == deposit_id)
    ).scalar_one_or_none()
    if cover is None:
        raise NotFoundError
    return bytes(cover)


def _find(connection: Connection, *, organisation: str, document_id: str) -> Deposit | None:
    row = connection.execute(
        _OF_DOCUMENT, {"organisation": organisation, "document_id": document_id}
    ).one_or_none()
    if row is None:
        return None
    return Deposit(
        deposit_id=row.deposit_id,
        organisation=row.organisation,
        document_id=row.document_id,
        member=row.member,
        state=DepositState(row.state),
        object_key=row.object_key,
        sealed_length=row.sealed_length,
        segments=row.segments,
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


def _sent(row: Row[Any]) -> SentDelivery:
    return SentDelivery(
        delivery_id=row.delivery_id,
        invitation_id=row.invitation_id,
        state=DeliveryState(row.state),
        stored_at=row.stored_at,
        notified_at=row.notified_at,
        bounced_at=row.bounced_at,
        fetched_at=row.fetched_at,
        opened_at=row.opened_at,
        withdrawn_at=row.withdrawn_at,
        expired_at=row.expired_at,
        bounce_reason=row.bounce_reason,
        receipt=row.receipt,
    )
