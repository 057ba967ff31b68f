"""The one transaction in which an invitation is claimed (docs/specs/claim.md §4.7)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from souspli_exchange.ports.states import InvitationStatus
from souspli_mailbox.records.accounts import (
    AccountKind,
    NewAccount,
    add_account,
    main_unlocker_id,
)
from souspli_mailbox.records.claims import GATE_PERSON, find_claim_session, require_claimable
from souspli_mailbox.records.errors import (
    GateNotPassedError,
    InvitationUsedError,
    NotFoundError,
)
from souspli_mailbox.records.invitations import Binding, read_binding
from souspli_mailbox.records.jobs import JobName, enqueue
from souspli_mailbox.records.notifications import hand_over
from souspli_mailbox.schema import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The account that an invitation was claimed into, and what its session unlocks with."""

    account_number: str
    unlocker_id: str


def bind(
    connection: Connection,
    *,
    token_hash: str,
    invitation_id: str,
    account: NewAccount,
    binding: Binding,
    now: int,
) -> Bound:
    """Claim the invitation into a new account: `pending` → `claimed`, one winner.

    `token_hash` is the claim session's. Account, vault, unlockers and binding
    are kept; deliveries that wait for the invitation go to the account; the
    person checks are deleted; a job tells the address of record. All of it or
    nothing.

    The same binding again (by its hash) gets the same answer. Raises
    NotFoundError (no session), GateNotPassedError, InvitationUsedError (another
    binding won), InvitationSupersededError, InvitationExpiredError,
    AccountNumberTakenError, UnlockerTakenError.
    """
    session = find_claim_session(
        connection, token_hash=token_hash, invitation_id=invitation_id, now=now
    )
    if session.gates_passed < GATE_PERSON:
        raise GateNotPassedError
    won = _winner(connection, invitation_id=invitation_id)
    if won is not None:
        winning = read_binding(connection, invitation_id=invitation_id)
        if winning is None or winning.binding_hash != binding.binding_hash:
            raise InvitationUsedError
        return Bound(
            account_number=won,
            unlocker_id=main_unlocker_id(connection, account_number=won),
        )
    invitation = require_claimable(connection, invitation_id=invitation_id, now=now)
    if invitation.address is None:
        raise NotFoundError
    number = account.account_number
    add_account(
        connection,
        account=account,
        kind=AccountKind.PATIENT,
        address=invitation.address,
        phone=invitation.phone,
        now=now,
    )
    table = tables.invitations.c
    # The compare-and-swap. SQLite's write lock has decided the race before
    # this line; on a database with many writers this statement does.
    swapped = connection.execute(
        update(tables.invitations)
        .where(
            table.invitation_id == invitation_id,
            table.status.in_((InvitationStatus.PENDING, InvitationStatus.EXPIRED)),
        )
        .values(status=InvitationStatus.CLAIMED, claimed_at=now, account_number=number, phone=None)
        .returning(table.invitation_id)
    )
    if swapped.first() is None:
        raise InvitationUsedError
    connection.execute(
        insert(tables.bindings).values(
            invitation_id=invitation_id,
            binding_hash=binding.binding_hash,
            account_number=number,
            bound_at=now,
            by_claim=binding.by_claim,
            by_identity=binding.by_identity,
        )
    )
    connection.execute(
        update(tables.deliveries)
        .where(tables.deliveries.c.invitation_id == invitation_id)
        .values(account_number=number)
    )
    hand_over(connection, invitation_id=invitation_id, account_number=number)
    connection.execute(
        delete(tables.person_checks).where(tables.person_checks.c.invitation_id == invitation_id)
    )
    enqueue(connection, name=JobName.ACTIVATED, ids={"account_number": number}, now=now)
    return Bound(
        account_number=number,
        unlocker_id=main_unlocker_id(connection, account_number=number),
    )


def _winner(connection: Connection, *, invitation_id: str) -> str | None:
    """Return the account that the invitation has been claimed into, if any."""
    table = tables.invitations.c
    account: str | None = connection.execute(
        select(table.account_number).where(table.invitation_id == invitation_id)
    ).scalar_one()
    return account
