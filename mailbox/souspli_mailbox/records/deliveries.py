"""A recipient's deliveries: paging, covers, states, receipts (docs/specs/mailbox.md §2, §4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    Select,
    Text,
    bindparam,
    insert,
    select,
    tuple_,
    update,
)

from souspli_exchange.ports.states import DeliveryState, InvitationStatus
from souspli_mailbox.deliveries import NOT_COLLECTED, DeliveryEvent, advance
from souspli_mailbox.pending import first_look
from souspli_mailbox.records.errors import (
    CoverChangedError,
    NotFoundError,
    NotSuccessorError,
    WithdrawnError,
)
from souspli_mailbox.records.invitations import read_invitation
from souspli_mailbox.records.jobs import JobName, enqueue
from souspli_mailbox.schema import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery, with what the routes need to know of its deposit."""

    delivery_id: str
    document_id: str
    organisation: str
    """Of the depositor."""
    member: str
    """The depositor."""
    object_key: str
    sealed_length: int
    invitation_id: str
    account_number: str | None
    """None while it waits for the invitation's claim identity."""
    state: DeliveryState
    stored_at: int
    notified_at: int | None
    bounced_at: int | None
    fetched_at: int | None
    opened_at: int | None
    cover_hash: str

    @property
    def is_taken_back(self) -> bool:
        """Whether it was withdrawn before it was handed out (docs/specs/withdrawal.md §2)."""
        handed_out = self.fetched_at is not None or self.opened_at is not None
        return self.state is DeliveryState.WITHDRAWN and not handed_out


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredCover:
    """A delivery's cover in force, and the statements about who deposited it."""

    cover: bytes = field(repr=False)
    cover_hash: str
    organisation_envelope: bytes = field(repr=False)
    member_envelope: bytes = field(repr=False)


# Each event that changes a state, and the column that keeps its moment.
_MOMENTS = {
    DeliveryState.NOTIFIED: "notified_at",
    DeliveryState.BOUNCED: "bounced_at",
    DeliveryState.FETCHED: "fetched_at",
    DeliveryState.OPENED: "opened_at",
}


def list_deliveries(
    connection: Connection, *, account_number: str, after: tuple[int, str] | None, limit: int
) -> tuple[Delivery, ...]:
    """Return an account's deliveries, newest first, following `after`.

    `after` is (stored_at, delivery_id) of the last one on the page before. The
    index serves the order, so that a page costs the same in any mailbox.
    """
    which: dict[str, object] = {"account_number": account_number, "limit": limit}
    if after is None:
        rows = connection.execute(_FIRST_PAGE, which)
    else:
        stored_at, delivery_id = after
        rows = connection.execute(
            _NEXT_PAGE, which | {"stored_at": stored_at, "delivery_id": delivery_id}
        )
    return tuple(_delivery(row) for row in rows)


def read_delivery(connection: Connection, *, delivery_id: str) -> Delivery:
    """Return the delivery, whoever asks; NotFoundError if there is none.

    Whether the caller is its recipient (`account_number`) or its depositor
    (`member`) is for the routes to check.
    """
    row = connection.execute(_BY_ID, {"delivery_id": delivery_id}).one_or_none()
    if row is None:
        raise NotFoundError
    return _delivery(row)


_COVER: Final = (
    select(
        tables.covers.c.cover,
        tables.deliveries.c.cover_hash,
        tables.organisations.c.envelope.label("organisation_envelope"),
        tables.members.c.envelope.label("member_envelope"),
    )
    .select_from(tables.deliveries)
    .join(tables.covers, tables.covers.c.delivery_id == tables.deliveries.c.delivery_id)
    .join(tables.deposits, tables.deposits.c.deposit_id == tables.deliveries.c.deposit_id)
    .join(
        tables.organisations,
        tables.organisations.c.fingerprint == tables.deposits.c.organisation,
    )
    .join(tables.members, tables.members.c.fingerprint == tables.deposits.c.member)
    .where(tables.deliveries.c.delivery_id == bindparam("delivery_id"))
)


def read_cover(connection: Connection, *, delivery_id: str) -> DeliveredCover:
    """Return the delivery's cover in force; NotFoundError if there is no such delivery."""
    row = connection.execute(_COVER, {"delivery_id": delivery_id}).one_or_none()
    if row is None:
        raise NotFoundError
    return DeliveredCover(
        cover=row.cover,
        cover_hash=row.cover_hash,
        organisation_envelope=row.organisation_envelope,
        member_envelope=row.member_envelope,
    )


def replace_cover(
    connection: Connection, *, delivery_id: str, replaces: str, cover: bytes, cover_hash: str
) -> None:
    """Put a re-sealed cover in the place of the one whose hash is `replaces`.

    The old cover is gone with that. The same replacement again is fine. Raises
    NotFoundError, CoverChangedError when another cover is in force, or WithdrawnError.
    """
    if read_delivery(connection, delivery_id=delivery_id).is_taken_back:
        raise WithdrawnError
    delivery = tables.deliveries.c
    swapped = connection.execute(
        update(tables.deliveries)
        .where(delivery.delivery_id == delivery_id, delivery.cover_hash == replaces)
        .values(cover_hash=cover_hash)
        .returning(delivery.delivery_id)
    )
    if swapped.first() is None:
        if read_delivery(connection, delivery_id=delivery_id).cover_hash != cover_hash:
            raise CoverChangedError
        return
    connection.execute(
        update(tables.covers).where(tables.covers.c.delivery_id == delivery_id).values(cover=cover)
    )


def move_delivery(
    connection: Connection,
    *,
    delivery_id: str,
    invitation_id: str,
    replaces: str,
    cover: bytes,
    cover_hash: str,
    now: int,
) -> None:
    """After a re-issue: replace the cover and let the delivery wait for the successor.

    `invitation_id` must be the pending invitation to which the delivery's own
    leads by its successors. The recipient is told again if no mail about the
    delivery was accepted. The same move again is fine. Raises NotFoundError,
    NotSuccessorError, CoverChangedError, WithdrawnError.
    """
    delivery = read_delivery(connection, delivery_id=delivery_id)
    if delivery.is_taken_back:
        raise WithdrawnError
    if delivery.invitation_id != invitation_id:
        _require_successor(
            connection, of=delivery.invitation_id, invitation_id=invitation_id, now=now
        )
    elif delivery.cover_hash != cover_hash:
        raise NotSuccessorError
    replace_cover(
        connection,
        delivery_id=delivery_id,
        replaces=replaces,
        cover=cover,
        cover_hash=cover_hash,
    )
    if delivery.invitation_id == invitation_id:
        return
    connection.execute(
        update(tables.deliveries)
        .where(tables.deliveries.c.delivery_id == delivery_id)
        # A letter, a clock and perhaps an address of its own (docs/specs/pending.md §2).
        .values(invitation_id=invitation_id, remind_at=first_look(now), bounce_reason=None)
    )
    if delivery.state in NOT_COLLECTED - {DeliveryState.NOTIFIED}:
        enqueue(connection, name=JobName.NOTIFY, ids={"delivery_id": delivery_id}, now=now)


_STATE: Final = select(tables.deliveries.c.state).where(
    tables.deliveries.c.delivery_id == bindparam("delivery_id")
)

# What it sets are the parameters that are named as columns are.
_MOVED: Final = update(tables.deliveries).where(
    tables.deliveries.c.delivery_id == bindparam("which")
)


def record_event(
    connection: Connection, *, delivery_id: str, event: DeliveryEvent, now: int
) -> DeliveryState:
    """Let `event` happen to the delivery; return its state, changed or not.

    The moment of a state is kept once. NotFoundError if there is no delivery.
    """
    kept = connection.execute(_STATE, {"delivery_id": delivery_id}).scalar_one_or_none()
    if kept is None:
        raise NotFoundError
    state = DeliveryState(kept)
    following = advance(state, event)
    if following is not state:
        moment = _MOMENTS[following]
        connection.execute(_MOVED, {"which": delivery_id, "state": following, moment: now})
    return following


def collect(connection: Connection, *, delivery_id: str, now: int) -> DeliveryState:
    """Note that the recipient is given the contents; return the delivery's state.

    Who collects before the sender withdraws keeps what they were given. Raises
    NotFoundError, WithdrawnError.
    """
    state = record_event(
        connection, delivery_id=delivery_id, event=DeliveryEvent.COLLECTED, now=now
    )
    _require_handed_out(connection, delivery_id=delivery_id, state=state)
    return state


def _require_handed_out(connection: Connection, *, delivery_id: str, state: DeliveryState) -> None:
    if state is not DeliveryState.WITHDRAWN:
        return  # nearly always, and then nothing is read once more
    if read_delivery(connection, delivery_id=delivery_id).is_taken_back:
        raise WithdrawnError


_RECEIPT: Final = select(tables.receipts.c.delivery_id).where(
    tables.receipts.c.delivery_id == bindparam("delivery_id")
)


def keep_receipt(
    connection: Connection, *, delivery_id: str, receipt: bytes, now: int
) -> DeliveryState:
    """Keep a verified receipt and return the state, `opened`; a second one is ignored.

    One that comes after the withdrawal of what was handed out is kept with its moment, and
    leaves the state. Raises NotFoundError, WithdrawnError.
    """
    if connection.execute(_RECEIPT, {"delivery_id": delivery_id}).first() is None:
        state = record_event(
            connection, delivery_id=delivery_id, event=DeliveryEvent.RECEIPT, now=now
        )
        _require_handed_out(connection, delivery_id=delivery_id, state=state)
        if state is DeliveryState.WITHDRAWN:
            connection.execute(
                update(tables.deliveries)
                .where(tables.deliveries.c.delivery_id == delivery_id)
                .values(opened_at=now)
            )
        connection.execute(
            insert(tables.receipts),
            {"delivery_id": delivery_id, "kept_at": now, "envelope": receipt},
        )
        return state
    return read_delivery(connection, delivery_id=delivery_id).state


def _require_successor(connection: Connection, *, of: str, invitation_id: str, now: int) -> None:
    """Follow the successors of `of`; raise unless a pending `invitation_id` is among them."""
    following: str | None = of
    while following is not None and following != invitation_id:
        following = read_invitation(connection, invitation_id=following, now=now).superseded_by
    if following is None:
        raise NotSuccessorError
    successor = read_invitation(connection, invitation_id=invitation_id, now=now)
    if successor.status is not InvitationStatus.PENDING:
        raise NotSuccessorError


def _deliveries() -> Select[Any]:
    delivery, deposit = tables.deliveries.c, tables.deposits.c
    return select(
        tables.deliveries,
        deposit.document_id,
        deposit.organisation,
        deposit.member,
        deposit.object_key,
        deposit.sealed_length,
    ).join(tables.deposits, deposit.deposit_id == delivery.deposit_id)


# Made once: most requests of a reader run one of them.
_FIRST_PAGE: Final = (
    _deliveries()
    .where(tables.deliveries.c.account_number == bindparam("account_number"))
    .order_by(tables.deliveries.c.stored_at.desc(), tables.deliveries.c.delivery_id.desc())
    .limit(bindparam("limit"))
)
# Compared as a pair, which the index can seek to: page one hundred costs what page one
# does.
_NEXT_PAGE: Final = _FIRST_PAGE.where(
    tuple_(tables.deliveries.c.stored_at, tables.deliveries.c.delivery_id)
    < tuple_(bindparam("stored_at", type_=BigInteger()), bindparam("delivery_id", type_=Text()))
)
_BY_ID: Final = _deliveries().where(tables.deliveries.c.delivery_id == bindparam("delivery_id"))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        delivery_id=row.delivery_id,
        document_id=row.document_id,
        organisation=row.organisation,
        member=row.member,
        object_key=row.object_key,
        sealed_length=row.sealed_length,
        invitation_id=row.invitation_id,
        account_number=row.account_number,
        state=DeliveryState(row.state),
        stored_at=row.stored_at,
        notified_at=row.notified_at,
        bounced_at=row.bounced_at,
        fetched_at=row.fetched_at,
        opened_at=row.opened_at,
        cover_hash=row.cover_hash,
    )
