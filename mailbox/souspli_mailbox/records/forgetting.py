"""What says who a letter was for is deleted, and the database's files are to forget it too."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, and_, delete, literal, update

from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.records.recipients import forget_recipients
from souspli_mailbox.records.service_facts import Fact, forget_fact, keep_fact, read_fact
from souspli_mailbox.schema import tables

# Of `Fact.PURGED_SINCE`: deleted, and no run has begun since that makes the files forget.
_NOT_BEGUN: Final = "not-begun"

# Where what was about somebody is deleted, and what could be opened.
EMPTIED: Final = tuple(
    table.name
    for table in (
        tables.invitations,
        tables.person_checks,
        tables.claim_sessions,
        tables.attestations,
        tables.consents,
        tables.covers,
        tables.sender_covers,
        # Of an account that was closed (records/closings.py).
        tables.accounts,
        tables.unlockers,
        tables.vaults,
        tables.acceptances,
    )
)


def forget_person(connection: Connection, line: Collection[str]) -> None:
    """Delete what says whom these letters were for."""
    end_claims(connection, line)
    for table in (tables.person_checks, tables.attestations):
        connection.execute(delete(table).where(table.c.invitation_id.in_(line)))
    connection.execute(delete(tables.consents).where(tables.consents.c.subject.in_(line)))
    invitation = tables.invitations.c
    # At once, and before anything else is changed in them: a row is written whole each time,
    # and the envelope is most of it.
    connection.execute(
        update(tables.invitations)
        .where(invitation.invitation_id.in_(line))
        .values(
            address=None,
            phone=None,
            # Unique, and of no letter: numbers have digits alone.
            letter_number=literal("purged-") + invitation.invitation_id,
            record_hash="",
            claim_fingerprint="",
            claim_login_key=b"",
            envelope=b"",
        )
    )
    forget_recipients(connection, invitation_ids=line)


def end_claims(connection: Connection, invitation_ids: Collection[str]) -> None:
    """End every claim of these letters that is under way, and mail no code for it."""
    session, job = tables.claim_sessions.c, tables.jobs.c
    ended = connection.execute(
        delete(tables.claim_sessions)
        .where(session.invitation_id.in_(invitation_ids))
        .returning(session.claim_session_id)
    ).scalars()
    for one in list(ended):
        connection.execute(
            delete(tables.jobs).where(
                and_(job.job == JobName.EMAIL_CODE, job.payload.contains(one, autoescape=True))
            )
        )


def note_deletion(connection: Connection) -> None:
    """Note that the database's files hold what was deleted, whatever is killed from here on.

    A row that all purges share, so it is written only if it says something else: between
    two purges of one night it does not.
    """
    if read_fact(connection, fact=Fact.PURGED_SINCE) != _NOT_BEGUN:
        keep_fact(connection, fact=Fact.PURGED_SINCE, value=_NOT_BEGUN)


def begin_forgetting(connection: Connection, *, run: str) -> bool:
    """Note that this run has the files forget from now on; say if there is anything to forget.

    `run`: a word of its own. A crash after it leaves another word than none: still due.
    """
    if read_fact(connection, fact=Fact.PURGED_SINCE) is None:
        return False
    keep_fact(connection, fact=Fact.PURGED_SINCE, value=run)
    return True


def forgotten(connection: Connection, *, run: str) -> None:
    """Note that the files hold nothing of what had been deleted when this run began.

    Whoever has deleted anything since, or has begun a run since, has taken its word away.
    """
    if read_fact(connection, fact=Fact.PURGED_SINCE) == run:
        forget_fact(connection, fact=Fact.PURGED_SINCE)
