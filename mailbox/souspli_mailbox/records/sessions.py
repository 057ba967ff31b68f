"""Sessions of signed-in accounts (docs/specs/mailbox.md §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from souspli_mailbox.records.accounts import AccountKind
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.records.organisations import Member
from souspli_mailbox.schema import tables
from souspli_storage.database import each_statement_decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that has not expired. How long it may idle is the routes' rule."""

    account_number: str
    kind: AccountKind
    unlocker_id: str
    client: str
    created_at: int
    last_seen_at: int
    expires_at: int
    member: Member | None
    """Who works with the account; None for a patient's."""


def open_session(
    connection: Connection,
    *,
    token_hash: str,
    account_number: str,
    unlocker_id: str,
    client: str,
    now: int,
    expires_at: int,
) -> None:
    """Keep a session. `token_hash` is SHA-256 of the token, which rests nowhere."""
    connection.execute(
        insert(tables.sessions).values(
            token_hash=token_hash,
            account_number=account_number,
            unlocker_id=unlocker_id,
            client=client,
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
        )
    )


# Made once: every request runs it.
_IN_FORCE: Final = (
    select(
        tables.sessions,
        tables.accounts.c.kind,
        tables.members.c.fingerprint,
        tables.members.c.organisation,
        tables.members.c.statement_hash,
        tables.members.c.envelope,
    )
    .join(tables.accounts, tables.accounts.c.account_number == tables.sessions.c.account_number)
    .outerjoin(tables.members, tables.members.c.account_number == tables.sessions.c.account_number)
    .where(
        tables.sessions.c.token_hash == bindparam("token_hash"),
        tables.sessions.c.expires_at > bindparam("now"),
    )
)


def find_session(connection: Connection, *, token_hash: str, now: int) -> Session:
    """Return the session; NotFoundError if there is none or it has expired."""
    row = connection.execute(_IN_FORCE, {"token_hash": token_hash, "now": now}).one_or_none()
    if row is None:
        raise NotFoundError
    return Session(
        account_number=row.account_number,
        kind=AccountKind(row.kind),
        unlocker_id=row.unlocker_id,
        client=row.client,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        member=None
        if row.fingerprint is None
        else Member(
            fingerprint=row.fingerprint,
            organisation=row.organisation,
            account_number=row.account_number,
            statement_hash=row.statement_hash,
            envelope=row.envelope,
        ),
    )


@each_statement_decides
def touch_session(connection: Connection, *, token_hash: str, now: int) -> None:
    """Note that the session was used. Worth a commit once a minute, not per request."""
    session = tables.sessions.c
    connection.execute(
        update(tables.sessions)
        .where(session.token_hash == token_hash, session.last_seen_at < now)
        .values(last_seen_at=now)
    )


@each_statement_decides
def close_session(connection: Connection, *, token_hash: str) -> None:
    """End the session. One that is gone already is fine."""
    connection.execute(delete(tables.sessions).where(tables.sessions.c.token_hash == token_hash))
