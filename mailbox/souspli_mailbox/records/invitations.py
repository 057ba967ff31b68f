"""Invitations: published, superseded, looked up, attested (docs/specs/claim.md §1, §3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    bindparam,
    case,
    delete,
    insert,
    select,
    update,
)

from souspli_exchange.ports.states import InvitationStatus
from souspli_mailbox.records.errors import (
    AddressInUseError,
    InvitationDiffersError,
    InvitationExpiredError,
    InvitationSupersededError,
    InvitationUsedError,
    LetterNumberTakenError,
    NotFoundError,
)
from souspli_mailbox.records.jobs import JobName, enqueue
from souspli_mailbox.schema import tables

# What waits for a replaced letter is moved by its sender's client, which may be away for
# as long as the new letter is good. What has not moved by then never will.
REPLACED_SECONDS: Final = 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """A verified record R, with what the service alone keeps beside it."""

    invitation_id: str
    organisation: str
    member: str
    letter_number: str
    address: str = field(repr=False)
    phone: str | None = field(default=None, repr=False)
    person_checks: tuple[bytes, ...] = field(repr=False)
    record_hash: str
    claim_fingerprint: str
    claim_login_key: bytes
    not_before: int
    not_after: int
    supersedes: str | None
    envelope: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation, its status as of the `now` it was read with."""

    invitation_id: str
    organisation: str
    member: str
    letter_number: str
    status: InvitationStatus
    address: str | None = field(repr=False)
    """None once it is superseded."""
    phone: str | None = field(repr=False)
    """The same; and None if the practice gave none."""
    record_hash: str
    claim_fingerprint: str
    claim_login_key: bytes
    not_before: int
    not_after: int
    superseded_by: str | None
    account_number: str | None
    """Of the account that it was claimed into."""
    paper_since: int | None
    """Since when the patient is written to on paper."""
    envelope: bytes = field(repr=False)

    @property
    def is_forgotten(self) -> bool:
        """Whether it was purged: only that it was made, and when, is left of it."""
        return not self.record_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The binding that claimed an invitation: one payload under two signatures."""

    binding_hash: str
    by_claim: bytes = field(repr=False)
    by_identity: bytes = field(repr=False)


def publish_invitation(
    connection: Connection, *, invitation: NewInvitation, now: int
) -> InvitationStatus:
    """Keep an invitation; the one that it supersedes becomes `superseded` with it.

    Returns its status. The same bytes again get the status it has by then.
    Raises InvitationDiffersError, LetterNumberTakenError, AddressInUseError; and
    for the one to supersede NotFoundError, InvitationUsedError,
    InvitationSupersededError, InvitationExpiredError (it is being purged).
    """
    known = _find(connection, tables.invitations.c.invitation_id == invitation.invitation_id)
    if known is not None:
        return _repeated(connection, known, invitation, now=now)
    table = tables.invitations.c
    taken = select(table.invitation_id).where(table.letter_number == invitation.letter_number)
    if connection.execute(taken).first():
        raise LetterNumberTakenError
    _expire(connection, organisation=invitation.organisation, now=now)
    if invitation.supersedes is not None:
        old = _require_supersedable(connection, invitation, now=now)
        enqueue(
            connection,
            name=JobName.PURGE_REPLACED,
            ids={"invitation_id": invitation.supersedes},
            now=now,
            run_at=max(now, old["not_after"]) + REPLACED_SECONDS,
        )
        # Its successor is written below; only then can the row point to it.
        connection.execute(
            update(tables.invitations)
            .where(table.invitation_id == invitation.supersedes)
            .values(status=InvitationStatus.SUPERSEDED, address=None, phone=None)
        )
        connection.execute(
            delete(tables.person_checks).where(
                tables.person_checks.c.invitation_id == invitation.supersedes
            )
        )
    waiting = select(table.invitation_id).where(
        table.organisation == invitation.organisation,
        table.address == invitation.address,
        table.status == InvitationStatus.PENDING,
    )
    if connection.execute(waiting).first():
        raise AddressInUseError
    connection.execute(
        insert(tables.invitations).values(
            invitation_id=invitation.invitation_id,
            organisation=invitation.organisation,
            member=invitation.member,
            letter_number=invitation.letter_number,
            status=InvitationStatus.PENDING,
            address=invitation.address,
            phone=invitation.phone,
            record_hash=invitation.record_hash,
            claim_fingerprint=invitation.claim_fingerprint,
            claim_login_key=invitation.claim_login_key,
            not_before=invitation.not_before,
            not_after=invitation.not_after,
            created_at=now,
            supersedes=invitation.supersedes,
            mails_window_at=0,
            mails=0,
            person_window_at=0,
            person_tries=0,
            envelope=invitation.envelope,
        )
    )
    connection.execute(
        insert(tables.person_checks),
        [
            {
                "invitation_id": invitation.invitation_id,
                "position": position,
                "person_check": person_check,
            }
            for position, person_check in enumerate(invitation.person_checks)
        ],
    )
    if invitation.supersedes is not None:
        connection.execute(
            update(tables.invitations)
            .where(table.invitation_id == invitation.supersedes)
            .values(superseded_by=invitation.invitation_id)
        )
    return InvitationStatus.PENDING


def replaced_by(connection: Connection, *, invitation_id: str) -> tuple[str, ...]:
    """Return what this invitation superseded, what that one had superseded, and so on."""
    table = tables.invitations.c
    replaced: list[str] = []
    statement = select(table.supersedes).where(table.invitation_id == invitation_id)
    while (before := connection.execute(statement).scalar()) is not None:
        replaced.append(before)
        statement = select(table.supersedes).where(table.invitation_id == before)
    return tuple(replaced)


def _repeated(
    connection: Connection, known: RowMapping, invitation: NewInvitation, *, now: int
) -> InvitationStatus:
    """Return the status of an invitation that is posted again; refuse other bytes."""
    same = (
        known["record_hash"] == invitation.record_hash
        and known["organisation"] == invitation.organisation
        and known["letter_number"] == invitation.letter_number
    )
    status = _status(known, now=now)
    if same and status is InvitationStatus.PENDING:
        # Address and checks are forgotten later, and can then no longer differ.
        checks = tables.person_checks.c
        kept = connection.execute(
            select(checks.person_check)
            .where(checks.invitation_id == invitation.invitation_id)
            .order_by(checks.position)
        ).scalars()
        same = (
            known["address"] == invitation.address
            and known["phone"] == invitation.phone
            and tuple(kept) == invitation.person_checks
        )
    if not same:
        raise InvitationDiffersError
    return status


def _require_supersedable(
    connection: Connection, invitation: NewInvitation, *, now: int
) -> RowMapping:
    old = _find(connection, tables.invitations.c.invitation_id == invitation.supersedes)
    if old is None or old["organisation"] != invitation.organisation:
        raise NotFoundError
    match _status(old, now=now):
        case InvitationStatus.CLAIMED:
            raise InvitationUsedError
        case InvitationStatus.SUPERSEDED:
            raise InvitationSupersededError
        case InvitationStatus.PENDING | InvitationStatus.EXPIRED:
            if is_being_purged(connection, invitation_id=old["invitation_id"]):
                # Nothing is left that could move to a successor: a line of its own begins.
                raise InvitationExpiredError
            return old


def is_being_purged(connection: Connection, *, invitation_id: str) -> bool:
    """Say whether the letter's purge was decided: from then on nothing leads back."""
    purge = tables.purges.c
    begun = select(purge.begun_at).where(purge.invitation_id == invitation_id)
    return connection.execute(begun).first() is not None


def _expire(connection: Connection, *, organisation: str, now: int) -> None:
    """Write down what the clock has already decided, so that an address is free again."""
    table = tables.invitations.c
    connection.execute(
        update(tables.invitations)
        .where(
            table.organisation == organisation,
            tables.IS_PENDING,
            table.not_after < now,
        )
        .values(status=InvitationStatus.EXPIRED)
    )


def _status(row: RowMapping, *, now: int) -> InvitationStatus:
    """Return the status at `now`: `pending` ends when the clock passes `not_after`."""
    status = InvitationStatus(row["status"])
    if status is InvitationStatus.PENDING and now > row["not_after"]:
        return InvitationStatus.EXPIRED
    return status


def require_pending(invitation: Invitation) -> Invitation:
    """Return the invitation if it admits anything, or raise an InvitationStateError."""
    match invitation.status:
        case InvitationStatus.PENDING:
            return invitation
        case InvitationStatus.CLAIMED:
            raise InvitationUsedError
        case InvitationStatus.SUPERSEDED:
            raise InvitationSupersededError
        case InvitationStatus.EXPIRED:
            raise InvitationExpiredError


# Made once: whoever deposits or notifies runs it.
_BY_ID: Final = select(tables.invitations).where(
    tables.invitations.c.invitation_id == bindparam("invitation_id")
)


def read_invitation(connection: Connection, *, invitation_id: str, now: int) -> Invitation:
    """Return the invitation; NotFoundError if there is none."""
    row = connection.execute(_BY_ID, {"invitation_id": invitation_id}).mappings().one_or_none()
    return _invitation(row, now=now)


def invitation_of_letter(connection: Connection, *, letter_number: str, now: int) -> Invitation:
    """Return the invitation whose letter has this number; NotFoundError if there is none."""
    return _invitation(
        _find(connection, tables.invitations.c.letter_number == letter_number), now=now
    )


def newest_invitation(
    connection: Connection, *, organisation: str, address: str, now: int
) -> Invitation:
    """Return the newest invitation of the organisation for the address; NotFoundError if none."""
    table = tables.invitations.c
    row = (
        connection.execute(
            select(tables.invitations)
            .where(table.organisation == organisation, table.address == address)
            # Of two made in one second the pending one is newer: the other must
            # have ended before it could be made.
            .order_by(table.created_at.desc(), case((table.status == "pending", 0), else_=1))
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
    return _invitation(row, now=now)


def read_binding(connection: Connection, *, invitation_id: str) -> Binding | None:
    """Return the binding that claimed the invitation; None while there is none."""
    binding = tables.bindings.c
    row = (
        connection.execute(
            select(binding.binding_hash, binding.by_claim, binding.by_identity).where(
                binding.invitation_id == invitation_id
            )
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else Binding(**row)


def keep_attestation(
    connection: Connection,
    *,
    statement_hash: str,
    invitation_id: str,
    member: str,
    envelope: bytes,
    now: int,
) -> None:
    """Keep an attestation for the colleagues of its member; the same again is fine."""
    attestation = tables.attestations.c
    known = select(attestation.statement_hash).where(attestation.statement_hash == statement_hash)
    if connection.execute(known).first() is None:
        connection.execute(
            insert(tables.attestations).values(
                statement_hash=statement_hash,
                invitation_id=invitation_id,
                member=member,
                kept_at=now,
                envelope=envelope,
            )
        )


def read_attestation(connection: Connection, *, invitation_id: str) -> bytes | None:
    """Return the envelope of the newest attestation; None while there is none."""
    attestation = tables.attestations.c
    return connection.execute(
        select(attestation.envelope)
        .where(attestation.invitation_id == invitation_id)
        .order_by(attestation.kept_at.desc(), attestation.statement_hash)
        .limit(1)
    ).scalar_one_or_none()


def _find(connection: Connection, which: ColumnElement[Any]) -> RowMapping | None:
    return connection.execute(select(tables.invitations).where(which)).mappings().one_or_none()


def _invitation(row: RowMapping | None, *, now: int) -> Invitation:
    if row is None:
        raise NotFoundError
    return Invitation(
        invitation_id=row["invitation_id"],
        organisation=row["organisation"],
        member=row["member"],
        letter_number=row["letter_number"],
        status=_status(row, now=now),
        address=row["address"],
        phone=row["phone"],
        record_hash=row["record_hash"],
        claim_fingerprint=row["claim_fingerprint"],
        claim_login_key=row["claim_login_key"],
        not_before=row["not_before"],
        not_after=row["not_after"],
        superseded_by=row["superseded_by"],
        account_number=row["account_number"],
        paper_since=row["paper_since"],
        envelope=row["envelope"],
    )
