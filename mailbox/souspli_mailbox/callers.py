"""Who a request turns out to come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from souspli_mailbox.records.accounts import AccountKind
    from souspli_mailbox.records.organisations import Member
    from souspli_mailbox.sessions import TokenHash


@dataclass(frozen=True, slots=True)
class Account:
    """The signed-in account of a request."""

    account_number: str
    kind: AccountKind
    unlocker_id: str
    token_hash: TokenHash
    expires_at: int
    member: Member | None
    """None for a patient."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim session of a request; gate one is passed."""

    invitation_id: str
    client: str
    token_hash: TokenHash
