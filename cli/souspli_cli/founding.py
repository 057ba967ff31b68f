"""Founding an organisation: its root, its first member, the member's account.

Everything that is drawn or signed, in one value that can be kept and sent again:
the service gives the same bytes the same answer (docs/specs/profile.md §1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from souspli_exchange.ports.accounts import NewAccount, NewUnlocker
from souspli_keys import codes, vault
from souspli_keys.identity import Identity
from souspli_keys.login import UnlockerKind
from souspli_keys.statements import Line, Member, Organisation, Role, sign_statement
from souspli_keys.vault_contents import KnownUnlocker, PinnedOrganisation, Vault

if TYPE_CHECKING:
    from souspli_cli.keyfile import Device
    from souspli_keys.address import Address, Origin
    from souspli_keys.dsse import Envelope

# statements.md allows 366 days; a year and a day of margin for none.
MEMBERSHIP_SECONDS = 365 * 86_400
# A reader's clock may be behind ours by as much and still see a membership begun.
CLOCK_SKEW_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Particulars:
    """What people say about their practice and themselves; all of it is checked."""

    name: str
    phone: str
    postal_address: tuple[str, ...]
    member_name: str
    address: Address
    role: Role
    rpps: str | None


@dataclass(frozen=True, kw_only=True)
class Founding:
    """What is kept in the profile, and what is asked of the service."""

    root: Identity
    organisation: Envelope
    member: Envelope
    account: NewAccount


def found(particulars: Particulars, device: Device, *, origin: Origin, now: int) -> Founding:
    """Draw and sign everything anew.

    Raises:
        StatementSchemaError: A reader would refuse the particulars.
    """
    root, member = Identity.generate(), Identity.generate()
    organisation = Organisation(
        line=Line.first(origin=origin, issued_at=now),
        name=particulars.name,
        phone=particulars.phone,
        postal_address=particulars.postal_address,
        root=root.public,
    )
    membership = Member(
        line=Line.first(origin=origin, issued_at=now),
        organisation=organisation.fingerprint,
        member=member.public,
        name=particulars.member_name,
        address=particulars.address,
        role=particulars.role,
        rpps=particulars.rpps,
        may_invite=True,  # nobody else could
        not_before=now - CLOCK_SKEW_SECONDS,
        not_after=now - CLOCK_SKEW_SECONDS + MEMBERSHIP_SECONDS,
    )
    pinned = PinnedOrganisation(
        fingerprint=organisation.fingerprint, name=particulars.name, pinned_at=now
    )
    return Founding(
        root=root,
        organisation=sign_statement(organisation, root),
        member=sign_statement(membership, root),
        account=new_account(member, device, pinned=pinned, now=now),
    )


def new_account(
    identity: Identity, device: Device, *, pinned: PinnedOrganisation, now: int
) -> NewAccount:
    """Draw an account number and seal the first vault, opened by this device."""
    number, key = codes.draw_account_number(), vault.VaultKey.generate()
    login_public_key = device.unlocker.login_key.public_key
    contents = Vault(
        account=number,
        generation=1,
        identity=identity,
        claims=(),
        unlockers=(
            KnownUnlocker(
                unlocker_id=device.unlocker_id,
                kind=UnlockerKind.DEVICE,
                login_public_key=login_public_key,
                wrap_key=device.unlocker.wrap_key,
            ),
        ),
        pinned=(pinned,),
        previous=None,
        saved_at=now,
    )
    wrapped = vault.wrap_vault_key(
        key,
        wrap_key=device.unlocker.wrap_key,
        account=number,
        kind=UnlockerKind.DEVICE,
        unlocker_id=device.unlocker_id,
    )
    return NewAccount(
        account_number=number,
        sealed_vault=vault.seal_vault(contents, vault_key=key),
        unlockers=(
            NewUnlocker(
                unlocker_id=device.unlocker_id,
                kind=UnlockerKind.DEVICE.value,
                login_public_key=login_public_key,
                wrapped_vault_key=wrapped,
            ),
        ),
    )
