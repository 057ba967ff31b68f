"""``souspli identity``: keys in a file, for documents that no service carries."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import files, identity_files
from souspli_cli.errors import Refused
from souspli_cli.terminal import Terminal, checked_line
from souspli_cli.verb import Verbs, profile_options, verb
from souspli_keys.public import format_fingerprint

if TYPE_CHECKING:
    from souspli_exchange.offline_identity import OfflineIdentity
    from souspli_keys.address import Address


@verb("identity_new", name="new")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--name", metavar="TEXT")
@click.option("--address", metavar="E-MAIL")
def new(terminal: Terminal, *, file: Path, name: str | None, address: str | None) -> None:
    """Draw an identity; write it durably, and never over something."""
    from souspli_exchange.offline_identity import (  # noqa: PLC0415  (help needs no key)
        encode_identity_file,
        new_identity,
    )

    own = new_identity(
        name=checked_line(name, option="--name") if name is not None else None,
        address=_address(address) if address is not None else None,
    )
    try:
        files.create(file, encode_identity_file(own))
    except FileExistsError:
        raise Refused("identity_exists", path=str(file)) from None
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        raise Refused("identity_folder_missing", path=str(file)) from None
    fingerprint = own.identity.public.fingerprint
    terminal.show("identity.made", path=str(file))
    terminal.show("identity.fingerprint", fingerprint=format_fingerprint(fingerprint))
    terminal.warn("identity.keep")
    terminal.note("identity.next", path=str(file))
    terminal.give(
        {
            "path": str(file),
            "fingerprint": fingerprint,
            "name": own.name,
            "address": own.address,
        }
    )


@verb("identity_public", name="public", results=False)
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE]")
@profile_options
def public(
    terminal: Terminal, *, file: Path | None, folder: Path | None, passphrase_file: Path | None
) -> None:
    """Print the public identity file, byte for byte."""
    from souspli_exchange.offline_identity import encode_public_identity  # noqa: PLC0415

    own = _identity(terminal, file, folder, passphrase_file)
    _print_bytes(encode_public_identity(own.public_file))


@verb("identity_age", name="age", results=False)
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE]")
@profile_options
def age(
    terminal: Terminal, *, file: Path | None, folder: Path | None, passphrase_file: Path | None
) -> None:
    """Print the key file that the program ``age`` takes, and warn of it."""
    from souspli_exchange.age.unwrap import HybridIdentity  # noqa: PLC0415  (help needs no key)

    own = _identity(terminal, file, folder, passphrase_file)
    key = HybridIdentity(own.identity.secret_age_seed())
    terminal.warn("identity.age_secret")
    _keep_to_its_owner()
    lines = f"# public key: {own.identity.public.recipient}\n{key.to_secret_string()}\n"
    _print_bytes(lines.encode("ascii"))


def _keep_to_its_owner() -> None:
    """Where the key goes into a file, let nobody else read it: a shell makes it for all."""
    with contextlib.suppress(OSError, ValueError):
        descriptor = sys.stdout.fileno()
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode) and mode & 0o077:
            os.fchmod(descriptor, 0o600)


def _identity(
    terminal: Terminal, file: Path | None, folder: Path | None, passphrase_file: Path | None
) -> OfflineIdentity:
    if file is not None:
        return identity_files.read_secret(file)
    return identity_files.of_profile(terminal, folder, passphrase_file)


def _address(text: str) -> Address:
    from souspli_keys.address import normalise_address  # noqa: PLC0415  (help needs none)
    from souspli_keys.errors import AddressError  # noqa: PLC0415

    try:
        return normalise_address(text)
    except AddressError:
        raise Refused("address_not_understood", address=text) from None


def _print_bytes(content: bytes) -> None:
    # Past the text layer: it would replace what an old terminal can't show, in a file.
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


identity = Verbs(
    "identity",
    {
        "new": "souspli_cli.identity:new",
        "public": "souspli_cli.identity:public",
        "age": "souspli_cli.identity:age",
    },
    words_key="identity",
)
"""``souspli identity …``."""
