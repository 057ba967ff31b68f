"""Steps of invitations and claims on the rows, as the routes take them one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from souspli_exchange.ports.states import InvitationStatus
from souspli_mailbox.records import accounts, bindings, claims, invitations
from souspli_mailbox.schema import tables

from .rows import (
    CODE_KEY,
    DAY,
    NOW,
    Rows,
)

if TYPE_CHECKING:
    from souspli_mailbox.records.invitations import NewInvitation

AFTER = NOW + 30 * DAY + 1  # the second after `not_after`


def publish(rows: Rows, invitation: NewInvitation, *, now: int = NOW) -> InvitationStatus:
    return rows.database.write_now(invitations.publish_invitation, invitation=invitation, now=now)


def status(rows: Rows, invitation: NewInvitation, *, now: int = NOW) -> InvitationStatus:
    return rows.database.read_now(
        invitations.read_invitation, invitation_id=invitation.invitation_id, now=now
    ).status


def person_checks(rows: Rows, invitation: NewInvitation) -> int:
    def count(connection: Connection) -> int:
        checks = tables.person_checks
        return connection.execute(
            select(func.count()).where(checks.c.invitation_id == invitation.invitation_id)
        ).scalar_one()

    return rows.database.read_now(count)


def request_code(
    rows: Rows, token_hash: str, invitation: NewInvitation, *, now: int = NOW
) -> claims.CodeSent:
    return rows.database.write_now(
        claims.request_email_code,
        token_hash=token_hash,
        invitation_id=invitation.invitation_id,
        now=now,
    )


def try_code(
    rows: Rows, token_hash: str, invitation: NewInvitation, code: str, *, now: int = NOW
) -> None:
    rows.database.write_now(
        claims.check_email_code,
        token_hash=token_hash,
        invitation_id=invitation.invitation_id,
        code=code,
        key=CODE_KEY,
        now=now,
    )


def try_person(
    rows: Rows, token_hash: str, invitation: NewInvitation, check: bytes, *, now: int = NOW
) -> None:
    rows.database.write_now(
        claims.check_person,
        token_hash=token_hash,
        invitation_id=invitation.invitation_id,
        person_check=check,
        now=now,
    )


def gates(rows: Rows, token_hash: str, invitation: NewInvitation) -> int:
    return rows.database.read_now(
        claims.find_claim_session,
        token_hash=token_hash,
        invitation_id=invitation.invitation_id,
        now=NOW,
    ).gates_passed


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def bind(
    rows: Rows,
    token_hash: str,
    invitation: NewInvitation,
    account: accounts.NewAccount,
    binding: invitations.Binding,
    *,
    now: int = NOW,
) -> bindings.Bound:
    return rows.database.write_now(
        bindings.bind,
        token_hash=token_hash,
        invitation_id=invitation.invitation_id,
        account=account,
        binding=binding,
        now=now,
    )
