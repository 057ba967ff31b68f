"""A sender's deposits, from the first part on (docs/specs/mailbox.md §1)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from souspli_exchange.ports.states import DepositState
from souspli_mailbox.records.errors import DocumentDiffersError, NotFoundError
from souspli_mailbox.records.usage import Quota, take
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


# Made once: every request of a sender runs it.
OF_DOCUMENT: Final = select(tables.deposits).where(
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


def _find(connection: Connection, *, organisation: str, document_id: str) -> Deposit | None:
    row = connection.execute(
        OF_DOCUMENT, {"organisation": organisation, "document_id": document_id}
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
