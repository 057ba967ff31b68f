"""Enrolments: asked, answered by one, certified (docs/specs/enrolment.md §5).

Statements come here verified. What is past its end is not found, swept or not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from souspli_mailbox.records.accounts import AccountKind, NewAccount, add_account
from souspli_mailbox.records.errors import (
    AccountNumberTakenError,
    EnrolmentAnsweredError,
    EnrolmentDiffersError,
    NotFoundError,
    OrganisationExistsError,
    QuotaReachedError,
)
from souspli_mailbox.records.organisations import Member
from souspli_mailbox.schema import tables

MOST_WAITING: Final = 100
"""Of one organisation: an answer lists them all."""

# Whoever has the root may be away when the answer comes.
ANSWERED_SECONDS: Final = 7 * 86_400
# The joiner's machine may be off when the certificate comes.
CERTIFIED_SECONDS: Final = 30 * 86_400


class EnrolmentStatus(StrEnum):
    """How far it is."""

    OPEN = "open"
    ANSWERED = "answered"
    CERTIFIED = "certified"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnrolment:
    """A verified enrolment record, and the handle that leads to it."""

    enrolment_id: str
    handle: str
    organisation: str
    member: str
    address: str = field(repr=False)
    record_hash: str
    not_after: int
    envelope: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJoining:
    """A verified joining, and the account beside it, as JSON text."""

    request_hash: str
    """Over all bytes of the request."""
    by_code: bytes = field(repr=False)
    by_identity: bytes = field(repr=False)
    account_number: str
    account: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """An enrolment as it stands."""

    enrolment_id: str
    organisation: str
    member: str
    status: EnrolmentStatus
    record_hash: str
    ends_at: int
    request_hash: str | None
    envelope: bytes = field(repr=False)
    by_code: bytes | None = field(repr=False)
    by_identity: bytes | None = field(repr=False)
    account: bytes | None = field(repr=False)
    """None once it is an account."""
    certificate: bytes | None = field(repr=False)


def publish_enrolment(
    connection: Connection, *, enrolment: NewEnrolment, now: int
) -> EnrolmentStatus:
    """Keep an enrolment in the place of those that wait for the same address.

    The same again gets the same answer. Raises EnrolmentDiffersError for an id or a
    handle that is taken, QuotaReachedError.
    """
    table = tables.enrolments.c
    known = connection.execute(
        select(table.record_hash, table.handle, table.status).where(
            table.enrolment_id == enrolment.enrolment_id
        )
    ).one_or_none()
    if known is not None:
        if (known.record_hash, known.handle) != (enrolment.record_hash, enrolment.handle):
            raise EnrolmentDiffersError
        return EnrolmentStatus(known.status)
    taken = select(table.enrolment_id).where(table.handle == enrolment.handle)
    if connection.execute(taken).first() is not None:
        raise EnrolmentDiffersError
    connection.execute(
        delete(tables.enrolments).where(
            tables.IS_UNCERTIFIED,
            table.organisation == enrolment.organisation,
            table.address == enrolment.address,
        )
    )
    waiting = connection.execute(
        select(func.count())
        .select_from(tables.enrolments)
        .where(
            tables.IS_UNCERTIFIED,
            table.organisation == enrolment.organisation,
            table.ends_at > now,
        )
    ).scalar_one()
    if waiting >= MOST_WAITING:
        raise QuotaReachedError(retry_at=None)
    connection.execute(
        insert(tables.enrolments).values(
            enrolment_id=enrolment.enrolment_id,
            handle=enrolment.handle,
            organisation=enrolment.organisation,
            member=enrolment.member,
            status=EnrolmentStatus.OPEN,
            address=enrolment.address,
            record_hash=enrolment.record_hash,
            created_at=now,
            ends_at=enrolment.not_after,
            envelope=enrolment.envelope,
        )
    )
    return EnrolmentStatus.OPEN


def enrolment_of_handle(connection: Connection, *, handle: str, now: int) -> Enrolment:
    """Return the enrolment that a handle leads to; NotFoundError if there is none."""
    table = tables.enrolments.c
    return _one(connection, table.handle == handle, table.ends_at > now)


def read_enrolment(connection: Connection, *, enrolment_id: str, now: int) -> Enrolment:
    """Return the enrolment; NotFoundError if there is none."""
    table = tables.enrolments.c
    return _one(connection, table.enrolment_id == enrolment_id, table.ends_at > now)


def waiting_enrolments(
    connection: Connection, *, organisation: str, now: int
) -> tuple[tuple[str, EnrolmentStatus, int], ...]:
    """Return id, status and end of those that are not certified, the oldest first."""
    table = tables.enrolments.c
    rows = connection.execute(
        select(table.enrolment_id, table.status, table.ends_at)
        .where(tables.IS_UNCERTIFIED, table.organisation == organisation, table.ends_at > now)
        .order_by(table.created_at, table.enrolment_id)
        .limit(MOST_WAITING)
    )
    return tuple((row.enrolment_id, EnrolmentStatus(row.status), row.ends_at) for row in rows)


def answer_enrolment(
    connection: Connection, *, enrolment_id: str, joining: NewJoining, now: int
) -> bytes | None:
    """Keep the joining, the first one; return the certificate if there is one already.

    The same again (by `request_hash`) gets the same answer. Raises NotFoundError,
    EnrolmentAnsweredError for any other, AccountNumberTakenError.
    """
    table = tables.enrolments.c
    there = read_enrolment(connection, enrolment_id=enrolment_id, now=now)
    if there.status is not EnrolmentStatus.OPEN:
        if there.request_hash != joining.request_hash:
            raise EnrolmentAnsweredError
        return there.certificate
    account = tables.accounts.c.account_number
    taken = select(account).where(account == joining.account_number)
    if connection.execute(taken).first() is not None:
        raise AccountNumberTakenError
    swapped = connection.execute(
        update(tables.enrolments)
        .where(table.enrolment_id == enrolment_id, table.status == EnrolmentStatus.OPEN)
        .values(
            status=EnrolmentStatus.ANSWERED,
            ends_at=there.ends_at + ANSWERED_SECONDS,
            request_hash=joining.request_hash,
            by_code=joining.by_code,
            by_identity=joining.by_identity,
            account=joining.account,
        )
        .returning(table.enrolment_id)
    )
    if swapped.first() is None:
        raise EnrolmentAnsweredError
    return None


def certify(
    connection: Connection,
    *,
    enrolment_id: str,
    member: Member,
    account: NewAccount | None,
    address: str,
    now: int,
) -> None:
    """Make member and account of what was answered, in one transaction; one winner.

    `account` is None where the caller has read that there is one already. The same
    certificate again (by its hash) changes nothing. Raises NotFoundError,
    EnrolmentDiffersError for another certificate, OrganisationExistsError,
    AccountNumberTakenError, UnlockerTakenError.
    """
    table = tables.enrolments.c
    there = connection.execute(
        select(table.status, table.certificate_hash).where(
            table.enrolment_id == enrolment_id,
            table.organisation == member.organisation,
            table.ends_at > now,
        )
    ).one_or_none()
    if there is None or there.status == EnrolmentStatus.OPEN:
        raise NotFoundError
    if there.status == EnrolmentStatus.CERTIFIED:
        if there.certificate_hash != member.statement_hash:
            raise EnrolmentDiffersError
        return
    known = select(tables.members.c.fingerprint).where(
        tables.members.c.fingerprint == member.fingerprint
    )
    if account is None or connection.execute(known).first() is not None:
        raise OrganisationExistsError
    add_account(connection, account=account, kind=AccountKind.MEMBER, address=address, now=now)
    connection.execute(
        insert(tables.members).values(
            fingerprint=member.fingerprint,
            organisation=member.organisation,
            account_number=member.account_number,
            statement_hash=member.statement_hash,
            created_at=now,
            envelope=member.envelope,
        )
    )
    swapped = connection.execute(
        update(tables.enrolments)
        .where(table.enrolment_id == enrolment_id, table.status == EnrolmentStatus.ANSWERED)
        .values(
            status=EnrolmentStatus.CERTIFIED,
            ends_at=now + CERTIFIED_SECONDS,
            certificate_hash=member.statement_hash,
            certificate=member.envelope,
            account=None,
        )
        .returning(table.enrolment_id)
    )
    if swapped.first() is None:
        raise EnrolmentDiffersError


def members_of(
    connection: Connection, *, organisation: str, after: str | None, limit: int
) -> tuple[tuple[str, bytes], ...]:
    """Return fingerprints and statements of an organisation's members, by fingerprint."""
    member = tables.members.c
    page = select(member.fingerprint, member.envelope).where(member.organisation == organisation)
    if after is not None:
        page = page.where(member.fingerprint > after)
    rows = connection.execute(page.order_by(member.fingerprint).limit(limit))
    return tuple((row.fingerprint, row.envelope) for row in rows)


def _one(connection: Connection, *conditions: ColumnElement[bool]) -> Enrolment:
    row = connection.execute(select(tables.enrolments).where(*conditions)).one_or_none()
    if row is None:
        raise NotFoundError
    return Enrolment(
        enrolment_id=row.enrolment_id,
        organisation=row.organisation,
        member=row.member,
        status=EnrolmentStatus(row.status),
        record_hash=row.record_hash,
        ends_at=row.ends_at,
        request_hash=row.request_hash,
        envelope=row.envelope,
        by_code=row.by_code,
        by_identity=row.by_identity,
        account=row.account,
        certificate=row.certificate,
    )
