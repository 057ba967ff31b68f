"""Accounts of source systems: who at the laboratory may hand in mails.

`bridge/accounts.toml`, written by `souspli bridge accounts`. Passwords are drawn, never
chosen, and kept as Argon2id hashes.
"""

from __future__ import annotations

import json
import re
import secrets
import tomllib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import msgspec
from nacl import pwhash
from nacl.exceptions import InvalidkeyError

from souspli_cli import files
from souspli_cli.errors import Refused
from souspli_keys.address import normalise_address
from souspli_keys.errors import AddressError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAX_FILE_BYTES: Final = 1_048_576
MAX_ACCOUNTS: Final = 200

# OWASP's second choice (2 passes over 19 MiB): the password has 150 bits, and software
# that opens a connection for each mail signs in each time.
_PASSES: Final = 2
_MEMORY_BYTES: Final = 19 * 1024**2

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
# No 0, 1, l, o: it is typed from a screen into a settings page.
_SYMBOLS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS: Final = 5  # of six symbols, five bits each: 150 bits


@dataclass(frozen=True)
class Account:
    """One source system."""

    name: str
    hash: str = field(repr=False)
    senders: tuple[str, ...] = ()
    """Addresses, or domains as `@domain`, that its mails may be from; none: any."""
    created_at: int = 0

    def may_send_from(self, address: str) -> bool:
        """Say whether MAIL FROM may be this."""
        if not self.senders:
            return True
        try:
            canonical = normalise_address(address)
        except AddressError:
            return False
        return canonical in self.senders or f"@{canonical.rpartition('@')[2]}" in self.senders


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    hash: str
    senders: tuple[str, ...] = ()
    created_at: int = 0


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: int
    account: tuple[_Line, ...] = ()


def read(path: Path) -> dict[str, Account]:
    """Give the accounts by name; none if there is no file yet.

    Raises:
        Refused: The file is damaged, or others can read it.
    """
    try:
        content = files.read(files.check_private(path), limit=MAX_FILE_BYTES)
    except FileNotFoundError:
        return {}
    try:
        kept = msgspec.convert(tomllib.loads(content.decode()), _File)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError):
        raise Refused("file_damaged", file=path.name) from None
    if kept.version != 1:
        raise Refused("file_version_unknown", file=path.name)
    return {
        line.name: Account(line.name, line.hash, line.senders, line.created_at)
        for line in kept.account
    }


def add(path: Path, name: str, senders: Sequence[str], *, now: int) -> str:
    """Make an account and give its password, which nobody can give again.

    Raises:
        Refused: The name or a sender is none, or the name is taken.
    """
    if not _NAME.fullmatch(name):
        raise Refused("bridge_account_name")
    allowed = tuple(_sender(sender) for sender in senders)
    password = new_password()
    with files.locked(path.with_name("lock-accounts")):
        known = read(path)
        if name in known:
            raise Refused("bridge_account_exists", name=name)
        if len(known) >= MAX_ACCOUNTS:
            raise Refused("bridge_accounts_many", most=MAX_ACCOUNTS)
        known[name] = Account(name, hash_password(password), allowed, now)
        _write(path, known)
    return password


def change_senders(path: Path, name: str, senders: Sequence[str]) -> tuple[str, ...]:
    """Have an account send from these addresses alone; its password stays. Gives them.

    Raises:
        Refused: There is none of this name, or a sender is none.
    """
    allowed = tuple(_sender(sender) for sender in senders)
    with files.locked(path.with_name("lock-accounts")):
        known = read(path)
        if name not in known:
            raise Refused("bridge_account_unknown", name=name)
        known[name] = replace(known[name], senders=allowed)
        _write(path, known)
    return allowed


def remove(path: Path, name: str) -> None:
    """Remove an account; mails that it has handed in are sent all the same.

    Raises:
        Refused: There is none of this name.
    """
    with files.locked(path.with_name("lock-accounts")):
        known = read(path)
        if name not in known:
            raise Refused("bridge_account_unknown", name=name)
        del known[name]
        _write(path, known)


def new_password() -> str:
    """Draw a password."""
    groups = ("".join(secrets.choice(_SYMBOLS) for _ in range(6)) for _ in range(_GROUPS))
    return "-".join(groups)


def hash_password(password: str) -> str:
    """Give the hash that `matches` compares with."""
    hashed = pwhash.argon2id.str(password.encode(), opslimit=_PASSES, memlimit=_MEMORY_BYTES)
    return hashed.decode("ascii")


def matches(hashed: str, password: bytes) -> bool:
    """Say whether this is the password. Takes as long either way; blocks."""
    try:
        return pwhash.verify(hashed.encode("ascii"), password)
    except (InvalidkeyError, ValueError):
        return False


def _sender(text: str) -> str:
    try:
        if text.startswith("@"):
            return normalise_address(f"x{text}").removeprefix("x")
        return normalise_address(text)
    except AddressError:
        raise Refused("address_not_understood", address=text) from None


def _write(path: Path, known: dict[str, Account]) -> None:
    lines = ["version = 1", ""]
    for account in known.values():
        lines += ["[[account]]", f"name = {json.dumps(account.name)}"]
        lines += [f"hash = {json.dumps(account.hash)}"]
        lines += [f"senders = {json.dumps(account.senders, ensure_ascii=False)}"]
        lines += [f"created_at = {account.created_at}", ""]
    files.write_atomically(path, "\n".join(lines).encode())
