"""Telling patients that the terms change: whose turn it is, and who is told (consent.md §8).

One job `announce-terms` goes from account to account, in the order of their numbers, and
adds a job `terms` for each: those of a hundred accounts at a time, spread over the minute
until the next hundred, so that notifications never wait behind them. A job and its
successors are written in one transaction, so each account is met once for each version.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, exists, select

from souspli_mailbox.deliveries import NOT_COLLECTED
from souspli_mailbox.records.jobs import JobName, enqueue
from souspli_mailbox.records.notifications import NotBefore, recipient_of, reserve
from souspli_mailbox.schema import tables

ACCOUNTS_AT_ONCE: Final = 100
EVERY_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ToAnnounce:
    """Tell this patient; nobody else will until then."""

    recipient: str
    address: str = field(repr=False)
    delivery_id: str | None
    """Whose return path the mail has; None if nothing was ever sent to the account."""


def begin_announcing(connection: Connection, *, version: str, now: int) -> None:
    """Add the first job, in the transaction that notes the version."""
    _go_on(connection, version=version, after="", at=now, now=now)


def announce_to_next(connection: Connection, *, version: str, after: str, now: int) -> None:
    """Add the jobs of the accounts that follow, and the one that goes on behind them."""
    account = tables.accounts.c
    numbers = (
        connection.execute(
            select(account.account_number)
            .where(account.kind == "patient", account.account_number > after)
            .order_by(account.account_number)
            .limit(ACCOUNTS_AT_ONCE)
        )
        .scalars()
        .all()
    )
    for place, number in enumerate(numbers):
        enqueue(
            connection,
            name=JobName.TERMS,
            ids={"account_number": number, "version": version},
            now=now,
            run_at=now + place * EVERY_SECONDS // ACCOUNTS_AT_ONCE,
        )
    if len(numbers) == ACCOUNTS_AT_ONCE:
        _go_on(connection, version=version, after=numbers[-1], at=now + EVERY_SECONDS, now=now)


def _go_on(connection: Connection, *, version: str, after: str, at: int, now: int) -> None:
    ids = {"version": version, "after": after}
    enqueue(connection, name=JobName.ANNOUNCE_TERMS, ids=ids, now=now, run_at=at)


def begin_announcement(
    connection: Connection, *, account_number: str, version: str, now: int, until: int
) -> ToAnnounce | NotBefore | None:
    """Reserve the patient for one mail, `until` the caller's lease ends.

    None for who has accepted the version already, whose mails don't arrive, or who has
    left.
    """
    account, acceptance = tables.accounts.c, tables.acceptances.c
    accepted = exists().where(
        acceptance.account_number == account_number, acceptance.terms_version == version
    )
    address = connection.execute(
        select(account.address).where(account.account_number == account_number, ~accepted)
    ).scalar_one_or_none()
    # Empty where the account was closed.
    if not address or _has_bounced(connection, account_number):
        return None
    recipient = recipient_of(invitation_id="", account_number=account_number)
    wait = reserve(connection, recipient=recipient, now=now, until=until)
    if wait is not None:
        return wait
    return ToAnnounce(
        recipient=recipient, address=address, delivery_id=_newest(connection, account_number)
    )


def _has_bounced(connection: Connection, account_number: str) -> bool:
    """Say whether the last mail has come back: what a text message told of keeps its reason."""
    delivery = tables.deliveries.c
    bounced = select(delivery.delivery_id).where(
        delivery.account_number == account_number,
        delivery.state.in_(NOT_COLLECTED),
        delivery.bounce_reason.is_not(None),
    )
    return connection.execute(bounced.limit(1)).first() is not None


def _newest(connection: Connection, account_number: str) -> str | None:
    """Return the delivery that a bounce would be about: one that waits, if any does."""
    delivery = tables.deliveries.c
    return connection.execute(
        select(delivery.delivery_id)
        .where(delivery.account_number == account_number)
        .order_by(delivery.state.in_(NOT_COLLECTED).desc(), delivery.position.desc())
        .limit(1)
    ).scalar_one_or_none()
