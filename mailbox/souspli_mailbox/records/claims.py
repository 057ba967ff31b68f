"""Claim sessions, the one-time code and the person check (docs/specs/claim.md §4).

A claim session begins when gate one is passed (the signature by the claim login
key) and remembers which gates followed. Wrong guesses are counted in the
transaction that refuses them: those functions return `Refused`.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, insert, select, update

from souspli_exchange.ports.states import InvitationStatus
from souspli_mailbox.onetime import one_time_code
from souspli_mailbox.records.errors import (
    CodeExpiredError,
    CodeWrongError,
    GateNotPassedError,
    InvitationStateError,
    NotFoundError,
    PersonWrongError,
    TooManyTriesError,
)
from souspli_mailbox.records.invitations import (
    Invitation,
    is_being_purged,
    read_invitation,
    require_pending,
)
from souspli_mailbox.records.jobs import JobName, enqueue
from souspli_mailbox.schema import tables
from souspli_storage.database import Refused

# docs/specs/claim.md §4
CODE_SECONDS: Final = 600
CODE_TRIES: Final = 5
CODE_MAILS_A_DAY: Final = 5
PERSON_TRIES_A_DAY: Final = 5

# A "day" is the 24 hours that the first try or mail begins, not a calendar's:
# otherwise midnight would give ten tries in a minute, in which time zone?
DAY: Final = 86_400

# What began before `not_after` may be ended: as long as a claim session lives,
# and as long as senders accept the binding (claim.md §5).
GRACE_SECONDS: Final = 3_600

GATE_SIGNATURE: Final = 1
GATE_EMAIL: Final = 2
GATE_PERSON: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSession:
    """A claim under way: gate one is passed, `gates_passed` says how many in all."""

    claim_session_id: str
    invitation_id: str
    client: str
    gates_passed: int
    expires_at: int
    code_counter: int
    code_expires_at: int | None
    code_tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSent:
    """A one-time code will be mailed, and how many more mails today allows."""

    expires_at: int
    mails_left: int


def open_claim_session(
    connection: Connection,
    *,
    token_hash: str,
    claim_session_id: str,
    invitation_id: str,
    client: str,
    now: int,
    expires_at: int,
) -> Invitation:
    """Keep a claim session; gate one has been passed. Returns the invitation.

    Raises NotFoundError, or an InvitationStateError: the signature has shown
    that the letter is there, so that the answer may say why it is of no use.
    """
    invitation = require_pending(read_invitation(connection, invitation_id=invitation_id, now=now))
    connection.execute(
        insert(tables.claim_sessions).values(
            token_hash=token_hash,
            claim_session_id=claim_session_id,
            invitation_id=invitation_id,
            client=client,
            gates_passed=GATE_SIGNATURE,
            created_at=now,
            expires_at=expires_at,
            code_counter=0,
            code_tries=0,
        )
    )
    return invitation


def find_claim_session(
    connection: Connection, *, token_hash: str, invitation_id: str, now: int
) -> ClaimSession:
    """Return the claim session of this invitation; NotFoundError if there is none in force."""
    session = tables.claim_sessions.c
    row = (
        connection.execute(
            select(
                session.claim_session_id,
                session.invitation_id,
                session.client,
                session.gates_passed,
                session.expires_at,
                session.code_counter,
                session.code_expires_at,
                session.code_tries,
            ).where(
                session.token_hash == token_hash,
                session.invitation_id == invitation_id,
                session.expires_at > now,
            )
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError
    return ClaimSession(**row)


def request_email_code(
    connection: Connection, *, token_hash: str, invitation_id: str, now: int
) -> CodeSent:
    """Replace the session's code by a new one, and add the job that mails it.

    Raises NotFoundError (no session), an InvitationStateError, or
    TooManyTriesError when the day's mails are used up.
    """
    session = find_claim_session(
        connection, token_hash=token_hash, invitation_id=invitation_id, now=now
    )
    require_pending(read_invitation(connection, invitation_id=invitation_id, now=now))
    table = tables.invitations.c
    window = connection.execute(
        select(table.mails_window_at, table.mails).where(table.invitation_id == invitation_id)
    ).one()
    began, mails = _window(window.mails_window_at, window.mails, now=now)
    if mails >= CODE_MAILS_A_DAY:
        raise TooManyTriesError(retry_at=began + DAY)
    connection.execute(
        update(tables.invitations)
        .where(table.invitation_id == invitation_id)
        .values(mails_window_at=began, mails=mails + 1)
    )
    counter = session.code_counter + 1
    connection.execute(
        update(tables.claim_sessions)
        .where(tables.claim_sessions.c.token_hash == token_hash)
        .values(code_counter=counter, code_expires_at=now + CODE_SECONDS, code_tries=0)
    )
    enqueue(
        connection,
        name=JobName.EMAIL_CODE,
        ids={"claim_session_id": session.claim_session_id, "counter": str(counter)},
        now=now,
    )
    return CodeSent(expires_at=now + CODE_SECONDS, mails_left=CODE_MAILS_A_DAY - mails - 1)


def code_address(
    connection: Connection, *, claim_session_id: str, counter: int, now: int
) -> str | None:
    """Return where the session's `counter`-th code is to be mailed.

    None when that is of no use any more: a newer code was asked for, this one
    has expired, or the invitation admits nothing.
    """
    session = tables.claim_sessions.c
    row = connection.execute(
        select(session.invitation_id, session.code_counter, session.code_expires_at).where(
            session.claim_session_id == claim_session_id
        )
    ).one_or_none()
    if row is None or row.code_counter != counter or row.code_expires_at <= now:
        return None
    try:
        invitation = require_claimable(connection, invitation_id=row.invitation_id, now=now)
    except InvitationStateError:
        return None
    return invitation.address


def check_email_code(
    connection: Connection, *, token_hash: str, invitation_id: str, code: str, key: bytes, now: int
) -> Refused | None:
    """Pass gate two, or count the wrong guess and refuse with CodeWrongError.

    `key` is the service's secret for one-time codes. Raises NotFoundError,
    an InvitationStateError, CodeExpiredError, TooManyTriesError (ask for a new
    code).
    """
    session = find_claim_session(
        connection, token_hash=token_hash, invitation_id=invitation_id, now=now
    )
    require_claimable(connection, invitation_id=invitation_id, now=now)
    if session.code_expires_at is None or session.code_expires_at <= now:
        raise CodeExpiredError
    if session.code_tries >= CODE_TRIES:
        raise TooManyTriesError(retry_at=session.code_expires_at)
    table = tables.claim_sessions.c
    mine = update(tables.claim_sessions).where(table.token_hash == token_hash)
    right = one_time_code(
        key=key, claim_session_id=session.claim_session_id, counter=session.code_counter
    )
    if not hmac.compare_digest(right.encode(), code.encode()):
        connection.execute(mine.values(code_tries=session.code_tries + 1))
        return Refused(CodeWrongError(tries_left=CODE_TRIES - session.code_tries - 1))
    connection.execute(mine.values(gates_passed=max(GATE_EMAIL, session.gates_passed)))
    return None


def check_person(
    connection: Connection, *, token_hash: str, invitation_id: str, person_check: bytes, now: int
) -> Refused | None:
    """Pass gate three, or count the wrong try and refuse with PersonWrongError.

    Raises NotFoundError, an InvitationStateError, GateNotPassedError (which
    costs no try: only who has the letter and the mailbox may use tries up),
    TooManyTriesError.
    """
    session = find_claim_session(
        connection, token_hash=token_hash, invitation_id=invitation_id, now=now
    )
    require_claimable(connection, invitation_id=invitation_id, now=now)
    if session.gates_passed < GATE_EMAIL:
        raise GateNotPassedError
    table = tables.invitations.c
    window = connection.execute(
        select(table.person_window_at, table.person_tries).where(
            table.invitation_id == invitation_id
        )
    ).one()
    began, tries = _window(window.person_window_at, window.person_tries, now=now)
    if tries >= PERSON_TRIES_A_DAY:
        raise TooManyTriesError(retry_at=began + DAY)
    checks = connection.execute(
        select(tables.person_checks.c.person_check).where(
            tables.person_checks.c.invitation_id == invitation_id
        )
    ).scalars()
    # All of them are compared, each in constant time: which surname matched is
    # nobody's business.
    matches = sum(hmac.compare_digest(check, person_check) for check in checks)
    if not matches:
        connection.execute(
            update(tables.invitations)
            .where(table.invitation_id == invitation_id)
            .values(person_window_at=began, person_tries=tries + 1)
        )
        return Refused(PersonWrongError(tries_left=PERSON_TRIES_A_DAY - tries - 1))
    connection.execute(
        update(tables.claim_sessions)
        .where(tables.claim_sessions.c.token_hash == token_hash)
        .values(gates_passed=GATE_PERSON)
    )
    return None


def require_claimable(connection: Connection, *, invitation_id: str, now: int) -> Invitation:
    """Return the invitation if a claim that began in time may go on, or raise.

    Raises an InvitationStateError. Sessions begin before `not_after` only.
    """
    invitation = read_invitation(connection, invitation_id=invitation_id, now=now)
    if (
        invitation.status is InvitationStatus.EXPIRED
        and now <= invitation.not_after + GRACE_SECONDS
        # A process whose clock is ahead may have decided already.
        and not is_being_purged(connection, invitation_id=invitation_id)
    ):
        return invitation
    return require_pending(invitation)


def _window(began: int, count: int, *, now: int) -> tuple[int, int]:
    """Return the day's window and count: a new one if the last has passed."""
    return (began, count) if now < began + DAY and count else (now, 0)
