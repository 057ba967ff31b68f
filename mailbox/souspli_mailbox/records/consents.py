"""Electronic or paper: what practice and patient signed, and what follows (consent.md §1, §6).

Statements come here verified. `invitations.paper_since` is derived from them, in the
transaction that keeps one: a deposit is refused by it without reading a statement.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    Table,
    Text,
    bindparam,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from souspli_exchange.ports.states import InvitationStatus
from souspli_keys.statements import Said, Way, in_force
from souspli_mailbox.records.closings import read_closing
from souspli_mailbox.records.errors import StatementDiffersError
from souspli_mailbox.records.invitations import replaced_by
from souspli_mailbox.schema import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWord:
    """A verified consent or choice."""

    statement_hash: str
    sequence: int
    previous: str | None
    way: Way
    issued_at: int
    envelope: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedConsent:
    """The newest consent of a line, and the statement of the member who signed it."""

    consent: bytes = field(repr=False)
    member: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientsOrganisation:
    """An organisation whose letter led into the account, and what was said for it."""

    organisation: bytes = field(repr=False)
    consent: NotedConsent | None
    choice: bytes | None = field(repr=False)


def line_of(connection: Connection, *, invitation_id: str) -> str:
    """Return the subject of the invitation's line: the id of its first."""
    return (invitation_id, *replaced_by(connection, invitation_id=invitation_id))[-1]


def keep_consent(
    connection: Connection,
    *,
    invitation_id: str,
    organisation: str,
    member: str,
    consent: NewWord,
    now: int,
) -> None:
    """Keep what a member noted for the line of this invitation; the same again is fine.

    Raises StatementDiffersError if it does not follow the newest one.
    """
    subject = line_of(connection, invitation_id=invitation_id)
    place = {"organisation": organisation, "subject": subject}
    if _keep(connection, tables.consents, place, consent, {"member": member, "kept_at": now}):
        # Those that took its place as well: a colleague may have re-issued it meanwhile.
        following: str | None = invitation_id
        while following is not None:
            _derive(connection, invitation_id=following)
            following = connection.execute(
                select(tables.invitations.c.superseded_by).where(
                    tables.invitations.c.invitation_id == following
                )
            ).scalar_one()


def keep_choice(
    connection: Connection, *, account_number: str, organisation: str, choice: NewWord, now: int
) -> None:
    """Keep what a patient signed for an organisation; the same again is fine.

    Raises StatementDiffersError if it does not follow the newest one.
    """
    place = {"account_number": account_number, "organisation": organisation}
    if _keep(connection, tables.choices, place, choice, {"kept_at": now}):
        table = tables.invitations.c
        claimed = connection.execute(
            select(table.invitation_id).where(
                table.account_number == account_number, table.organisation == organisation
            )
        ).scalars()
        for invitation_id in list(claimed):
            _derive(connection, invitation_id=invitation_id)


def inherit(connection: Connection, *, invitation_id: str) -> None:
    """Have a re-issue go on with what was said on its line."""
    _derive(connection, invitation_id=invitation_id)


def read_consent(
    connection: Connection, *, organisation: str, invitation_id: str
) -> NotedConsent | None:
    """Return the newest consent of the invitation's line; None if nothing was noted."""
    subject = line_of(connection, invitation_id=invitation_id)
    row = connection.execute(
        _NEWEST_CONSENT, {"organisation": organisation, "subject": subject}
    ).one_or_none()
    return None if row is None else NotedConsent(consent=row.envelope, member=row.certified)


def read_choice(
    connection: Connection, *, account_number: str | None, organisation: str
) -> bytes | None:
    """Return the account's newest choice for the organisation; None if there is none."""
    if account_number is None:
        return None
    row = connection.execute(
        _NEWEST_CHOICE, {"account_number": account_number, "organisation": organisation}
    ).one_or_none()
    return None if row is None else row.envelope


def on_paper(
    connection: Connection, *, organisation: str, after: tuple[int, str] | None, limit: int
) -> tuple[tuple[int, str], ...]:
    """Return the organisation's invitations whose patient is on paper: since when, and the id.

    Those that a deposit may still name; the longest on paper first.
    """
    table = tables.invitations.c
    place = tuple_(table.paper_since, table.invitation_id)
    asked = select(table.paper_since, table.invitation_id).where(
        table.organisation == organisation,
        tables.IS_ON_PAPER,
        table.status.in_((InvitationStatus.PENDING, InvitationStatus.CLAIMED)),
    )
    if after is not None:
        asked = asked.where(
            place > tuple_(literal(after[0], BigInteger()), literal(after[1], Text()))
        )
    rows = connection.execute(asked.order_by(table.paper_since, table.invitation_id).limit(limit))
    return tuple((row.paper_since, row.invitation_id) for row in rows)


def led_here(connection: Connection, *, account_number: str, organisation: str) -> bool:
    """Say whether a letter of this organisation led into this account."""
    table = tables.invitations.c
    letter = select(table.invitation_id).where(
        table.account_number == account_number, table.organisation == organisation
    )
    return connection.execute(letter.limit(1)).first() is not None


def organisations_of(
    connection: Connection, *, account_number: str
) -> tuple[PatientsOrganisation, ...]:
    """Return the organisations whose letters led into this account, with what was said."""
    table, organisation = tables.invitations.c, tables.organisations.c
    rows = connection.execute(
        select(table.invitation_id, organisation.fingerprint, organisation.envelope)
        .join(tables.organisations, organisation.fingerprint == table.organisation)
        .where(table.account_number == account_number)
        .order_by(table.claimed_at, table.invitation_id)
    ).all()
    return tuple(
        PatientsOrganisation(
            organisation=row.envelope,
            consent=read_consent(
                connection, organisation=row.fingerprint, invitation_id=row.invitation_id
            ),
            choice=read_choice(
                connection, account_number=account_number, organisation=row.fingerprint
            ),
        )
        # Two letters of one organisation into one account are one organisation.
        for row in {row.fingerprint: row for row in rows}.values()
    )


_NEWEST_CONSENT: Final = (
    select(tables.consents, tables.members.c.envelope.label("certified"))
    .join(tables.members, tables.members.c.fingerprint == tables.consents.c.member)
    .where(
        tables.consents.c.organisation == bindparam("organisation"),
        tables.consents.c.subject == bindparam("subject"),
    )
    .order_by(tables.consents.c.sequence.desc())
    .limit(1)
)
_NEWEST_CHOICE: Final = (
    select(tables.choices)
    .where(
        tables.choices.c.account_number == bindparam("account_number"),
        tables.choices.c.organisation == bindparam("organisation"),
    )
    .order_by(tables.choices.c.sequence.desc())
    .limit(1)
)


def _keep(
    connection: Connection,
    table: Table,
    place: dict[str, str],
    word: NewWord,
    beside: dict[str, Any],
) -> bool:
    """Append a statement to its line; say whether it is new.

    Of two that follow the same one the primary key lets one in: the other's transaction
    is run again and finds that it does not follow any more.
    """
    here = [table.c[name] == value for name, value in place.items()]
    newest = connection.execute(
        select(table.c.sequence, table.c.statement_hash)
        .where(*here)
        .order_by(table.c.sequence.desc())
        .limit(1)
    ).one_or_none()
    expected = (1, None) if newest is None else (newest.sequence + 1, newest.statement_hash)
    # A gap is a client that has seen what a restored database lost: it goes on from there.
    if (word.sequence, word.previous) != expected and word.sequence <= expected[0]:
        repeated = select(table.c.sequence).where(
            *here,
            table.c.sequence == word.sequence,
            table.c.statement_hash == word.statement_hash,
        )
        if connection.execute(repeated).first() is None:
            raise StatementDiffersError
        return False
    connection.execute(
        insert(table).values(
            **place,
            **beside,
            sequence=word.sequence,
            statement_hash=word.statement_hash,
            way=word.way.value,
            issued_at=word.issued_at,
            envelope=word.envelope,
        )
    )
    return True


def _derive(connection: Connection, *, invitation_id: str) -> None:
    table = tables.invitations.c
    invitation = connection.execute(
        select(table.organisation, table.account_number).where(table.invitation_id == invitation_id)
    ).one()
    subject = line_of(connection, invitation_id=invitation_id)
    consent = connection.execute(
        _NEWEST_CONSENT, {"organisation": invitation.organisation, "subject": subject}
    ).one_or_none()
    choice = connection.execute(
        _NEWEST_CHOICE,
        {"account_number": invitation.account_number, "organisation": invitation.organisation},
    ).one_or_none()
    closed = read_closing(connection, account_number=invitation.account_number)
    counts = in_force(
        consent=None if consent is None else Said(way=Way(consent.way), at=consent.issued_at),
        choice=None if choice is None else Said(way=Way(choice.way), at=choice.issued_at),
    )
    since = counts.since if counts is not None and counts.way is Way.PAPER else None
    if closed is not None:
        # Whatever was said.
        since = closed.closed_at
    connection.execute(
        update(tables.invitations)
        .where(table.invitation_id == invitation_id)
        .values(paper_since=since)
    )
