"""Admission codes, organisations and their members (docs/specs/statements.md)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, func, insert, select, update

from souspli_mailbox.records.accounts import AccountKind, NewAccount, add_account
from souspli_mailbox.records.errors import (
    AdmissionCodeRefusedError,
    NotFoundError,
    OrganisationExistsError,
)
from souspli_mailbox.schema import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An admitted organisation and its newest statement."""

    fingerprint: str
    statement_hash: str
    envelope: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member, its newest statement, and the account it works with."""

    fingerprint: str
    organisation: str
    account_number: str
    statement_hash: str
    envelope: bytes = field(repr=False)


def keep_admission_code(
    connection: Connection, *, code_hash: str, now: int, expires_at: int
) -> None:
    """Let one organisation in: `code_hash` is SHA-256 of the canonical symbols."""
    connection.execute(
        insert(tables.admission_codes).values(
            code_hash=code_hash, created_at=now, expires_at=expires_at
        )
    )


def count_organisations(connection: Connection) -> int:
    """Return how many organisations have been admitted."""
    return connection.execute(select(func.count()).select_from(tables.organisations)).scalar_one()


def admit(
    connection: Connection,
    *,
    code_hash: str,
    request_hash: str,
    organisation: Organisation,
    member: Member,
    account: NewAccount,
    address: str,
    now: int,
) -> str:
    """Keep an organisation, its first member and the member's account; use up the code.

    Returns the account number. The same request again (by `request_hash`, over
    all of its bytes) gets the same answer. Raises AdmissionCodeRefusedError,
    OrganisationExistsError, AccountNumberTakenError, UnlockerTakenError.
    """
    code = tables.admission_codes.c
    admitted = connection.execute(
        select(code.request_hash, code.account_number, code.used_at, code.expires_at).where(
            code.code_hash == code_hash
        )
    ).one_or_none()
    if admitted is None:
        raise AdmissionCodeRefusedError
    if admitted.used_at is not None:
        if admitted.request_hash != request_hash:
            raise AdmissionCodeRefusedError
        return str(admitted.account_number)
    if admitted.expires_at <= now:
        raise AdmissionCodeRefusedError
    known = select(tables.organisations.c.fingerprint).where(
        tables.organisations.c.fingerprint == organisation.fingerprint
    )
    known_member = select(tables.members.c.fingerprint).where(
        tables.members.c.fingerprint == member.fingerprint
    )
    if connection.execute(known).first() or connection.execute(known_member).first():
        raise OrganisationExistsError
    add_account(connection, account=account, kind=AccountKind.MEMBER, address=address, now=now)
    connection.execute(
        insert(tables.organisations).values(
            fingerprint=organisation.fingerprint,
            statement_hash=organisation.statement_hash,
            created_at=now,
            envelope=organisation.envelope,
        )
    )
    connection.execute(
        insert(tables.members).values(
            fingerprint=member.fingerprint,
            organisation=organisation.fingerprint,
            account_number=account.account_number,
            statement_hash=member.statement_hash,
            created_at=now,
            envelope=member.envelope,
        )
    )
    connection.execute(
        update(tables.admission_codes)
        .where(code.code_hash == code_hash)
        .values(used_at=now, request_hash=request_hash, account_number=account.account_number)
    )
    return account.account_number


def read_organisation(connection: Connection, *, fingerprint: str) -> Organisation:
    """Return the organisation; NotFoundError if there is none."""
    organisation = tables.organisations.c
    row = (
        connection.execute(
            select(
                organisation.fingerprint, organisation.statement_hash, organisation.envelope
            ).where(organisation.fingerprint == fingerprint)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError
    return Organisation(**row)


def read_member(connection: Connection, *, fingerprint: str) -> Member:
    """Return the member with this identity; NotFoundError if there is none."""
    member = tables.members.c
    row = (
        connection.execute(
            select(
                member.fingerprint,
                member.organisation,
                member.account_number,
                member.statement_hash,
                member.envelope,
            ).where(member.fingerprint == fingerprint)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError
    return Member(**row)
