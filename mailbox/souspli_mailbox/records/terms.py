"""Terms: since when each version is known, and who accepted which (consent.md §7, §8)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, select

from souspli_mailbox.records.announcements import begin_announcing
from souspli_mailbox.records.errors import StatementDiffersError
from souspli_mailbox.schema import tables
from souspli_mailbox.terms import NOTICE_SECONDS, Terms, pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAcceptance:
    """A verified acceptance of a text that is in force."""

    statement_hash: str
    sequence: int
    previous: str | None
    terms_version: str
    terms_hash: str
    envelope: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TooSoon:
    """A version that would come into force too soon; `earliest` is the first moment possible."""

    version: str
    earliest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """A version whose text is another than the one that was seen under its name."""

    version: str


def in_words(wrong: TooSoon | Altered) -> str:
    """Say to the operator what is wrong and what helps."""
    if isinstance(wrong, Altered):
        return f"terms {wrong.version}: announced with other words; make a new version"
    # The day after, whatever the hour: terms come into force at 00:00 UTC.
    day = datetime.datetime.fromtimestamp(wrong.earliest, datetime.UTC) + datetime.timedelta(1)
    return (
        f"terms {wrong.version}: announced 30 days before they are in force; "
        f"the first day possible is {day:%Y-%m-%d}"
    )


def see(
    connection: Connection, *, versions: tuple[Terms, ...], now: int
) -> TooSoon | Altered | None:
    """Note versions that are new; return what is wrong with one, and note nothing then.

    Of one that is to come, patients are told by mail: that begins in the same transaction.
    """
    wrong = judge(connection, versions=versions, now=now)
    if wrong is not None:
        return wrong
    known = set(_seen(connection))
    new = [
        {
            "version": one.version,
            "language": language,
            "terms_hash": sha256,
            "in_force_from": one.in_force_from,
            "seen_at": now,
        }
        for one, language, sha256 in pairs(versions)
        if (one.version, language) not in known
    ]
    if new:
        connection.execute(insert(tables.terms_seen), new)
    versions_known = {version for version, _ in known}
    for one in versions:
        if one.in_force_from > now and one.version not in versions_known:
            begin_announcing(connection, version=one.version, now=now)
    return None


def judge(
    connection: Connection, *, versions: tuple[Terms, ...], now: int
) -> TooSoon | Altered | None:
    """Return what is wrong with one of these versions; None if all of them may be.

    A service's very first start takes what is in force as it is: there is nobody yet
    whom it could have been announced to.
    """
    seen = _seen(connection)
    for one, language, sha256 in pairs(versions):
        known = seen.get((one.version, language))
        if known is not None and known.terms_hash != sha256:
            return Altered(version=one.version)
        if known is not None and one.in_force_from >= known.in_force_from:
            continue  # as announced, or later
        if not seen and one.in_force_from <= now:
            continue
        earliest = (now if known is None else known.seen_at) + NOTICE_SECONDS
        if one.in_force_from < earliest:
            return TooSoon(version=one.version, earliest=earliest)
    return None


def _seen(connection: Connection) -> dict[tuple[str, str], Row[Any]]:
    rows = connection.execute(select(tables.terms_seen))
    return {(row.version, row.language): row for row in rows}


def keep_acceptance(
    connection: Connection, *, account_number: str, acceptance: NewAcceptance, now: int
) -> None:
    """Keep what a patient accepted; the same again is fine.

    Raises StatementDiffersError if it does not follow the newest one.
    """
    table = tables.acceptances.c
    newest = connection.execute(_NEWEST, {"account_number": account_number}).one_or_none()
    expected = (1, None) if newest is None else (newest.sequence + 1, newest.statement_hash)
    if (acceptance.sequence, acceptance.previous) != expected:
        repeated = select(table.sequence).where(
            table.account_number == account_number,
            table.statement_hash == acceptance.statement_hash,
        )
        if connection.execute(repeated).first() is None:
            raise StatementDiffersError
        return
    connection.execute(
        insert(tables.acceptances).values(
            account_number=account_number,
            sequence=acceptance.sequence,
            statement_hash=acceptance.statement_hash,
            terms_version=acceptance.terms_version,
            terms_hash=acceptance.terms_hash,
            kept_at=now,
            envelope=acceptance.envelope,
        )
    )


def read_acceptance(connection: Connection, *, account_number: str) -> bytes | None:
    """Return the newest acceptance of an account; None if it accepted nothing."""
    row = connection.execute(_NEWEST, {"account_number": account_number}).one_or_none()
    return None if row is None else row.envelope


_NEWEST: Final = (
    select(tables.acceptances)
    .where(tables.acceptances.c.account_number == bindparam("account_number"))
    .order_by(tables.acceptances.c.sequence.desc())
    .limit(1)
)
