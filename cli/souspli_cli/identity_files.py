"""Identity files on this machine, and the profile's identity used like one.

What stands in them: docs/specs/identity-file.md. A secret one is taken from a private
file, or from a pipe, so that a person may keep it encrypted and decrypt it for one
command; never from a file that others can read.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, TypeVar

from souspli_cli.errors import Refused
from souspli_exchange.errors import (
    IdentityFileError,
    IdentityFileVersionError,
    OtherIdentityFileError,
)
from souspli_exchange.offline_identity import (
    MAX_IDENTITY_FILE_BYTES,
    OfflineIdentity,
    PublicIdentityFile,
    parse_identity_file,
    parse_public_identity,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from souspli_cli.terminal import Terminal

T = TypeVar("T")


def read_secret(path: Path) -> OfflineIdentity:
    """Read a secret identity file.

    Raises:
        Refused: Missing, readable by others, somebody else's, damaged, of another
            version, or a public one.
    """
    return _parse(parse_identity_file, path, private=True)


def read_public(path: Path) -> PublicIdentityFile:
    """Read a public identity file; ``Refused`` likewise, for a secret one above all."""
    return _parse(parse_public_identity, path, private=False)


def of_profile(
    terminal: Terminal, folder: Path | None, passphrase_file: Path | None
) -> OfflineIdentity:
    """Give the identity of a profile, asking for its passphrase if there is one.

    Raises:
        Refused: No profile, or what ``open_account`` refuses.
    """
    # Nobody pays for the profile's modules who brings an identity file.
    from souspli_cli.account import open_account  # noqa: PLC0415

    try:
        account = open_account(terminal, folder, passphrase_file)
    except Refused as refused:
        if refused.name != "no_profile":
            raise
        # Whoever seals without a service needs no practice, as those words would have it.
        raise Refused("no_identity", **refused.values) from None
    return OfflineIdentity(
        identity=account.identity,
        name=account.member.name,
        address=account.member.address,
        organisation=account.organisation_fingerprint,
    )


def _parse(parse: Callable[[bytes], T], path: Path, *, private: bool) -> T:
    content, status = _read(path)
    try:
        found = parse(content)
    except OtherIdentityFileError:
        # Not chained, here and below: frames hold the secret.
        if private:
            raise Refused("identity_is_public", path=str(path)) from None
        raise Refused("identity_is_secret", path=str(path)) from None
    except IdentityFileVersionError:
        raise Refused("identity_version_unknown", path=str(path)) from None
    except IdentityFileError:
        raise Refused("identity_damaged", path=str(path)) from None
    if private:
        _check_private(status, path)
    return found


def _read(path: Path) -> tuple[bytes, os.stat_result]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISFIFO(status.st_mode)):
                raise Refused("identity_not_found", path=str(path))
            return file.read(MAX_IDENTITY_FILE_BYTES + 1), status
    except (OSError, ValueError):  # ValueError: a NUL in the name
        raise Refused("identity_not_found", path=str(path)) from None


def _check_private(status: os.stat_result, path: Path) -> None:
    # Of the file that was read, not of a name that may mean another one by now.
    if status.st_uid != os.geteuid():
        raise Refused("identity_not_yours", path=str(path))
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise Refused("readable_by_others", path=str(path))
