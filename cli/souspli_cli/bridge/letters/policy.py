"""`[invitations]` of `bridge.toml`: whom the bridge invites, and where letters go.

docs/specs/bridge.md §14. Whatever is missing is told at the start, before the first mail.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from souspli_cli.bridge.routing import Allow
from souspli_cli.errors import Refused
from souspli_keys.statements import How

if TYPE_CHECKING:
    from souspli_cli.account import Account


class Invitations(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table's values."""

    allow: Allow = Allow.NEVER
    consent: How | None = None
    """How the laboratory's patients agree before a result is sent to them this way."""
    letters: str | None = None
    """A folder; what is in it is printed by somebody else."""
    print_command: tuple[str, ...] = ()
    """Or a program and its arguments, which is given the letter by standard input."""


def check(policy: Invitations, account: Account) -> Invitations:
    """Give back a policy that can be followed by this member, as things are now.

    Raises:
        Refused: It can't, and why.
    """
    if policy.allow is Allow.NEVER:
        return policy
    if policy.consent is None:
        raise Refused("bridge_invitations_consent")
    if (policy.letters is None) == (not policy.print_command):
        raise Refused("bridge_invitations_letters")
    if not account.member.may_invite:
        raise Refused("bridge_may_not_invite", name=account.member.name)
    if policy.letters is not None:
        check_folder(Path(policy.letters), profile=account.profile.folder)
    return policy


def check_folder(folder: Path, *, profile: Path) -> Path:
    """Give back a folder that letters may be written to.

    Raises:
        Refused: It is not there, somebody else's, open to everybody, or in the profile.
    """
    try:
        status = folder.stat()
        inside = folder.resolve().is_relative_to(profile.resolve())
    except OSError:
        raise Refused("bridge_letters_folder", folder=str(folder)) from None
    if not folder.is_absolute() or not stat.S_ISDIR(status.st_mode) or inside:
        raise Refused("bridge_letters_folder", folder=str(folder))
    # A group may be let in: whoever prints.
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o007:
        raise Refused("bridge_letters_open", folder=str(folder))
    return folder
