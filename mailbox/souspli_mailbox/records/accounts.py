"""Accounts, their unlockers and their vaults (docs/specs/keys.md §3, §7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, case, insert, select, union_all

from souspli_mailbox.records.errors import (
    AccountNumberTakenError,
    NotFoundError,
    UnlockerTakenError,
)
from souspli_mailbox.schema import tables


class AccountKind(StrEnum):
    """Whose account it is: it decides what a session may do."""

    PATIENT = "patient"
    MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUnlocker:
    """An unlocker's public half, and the vault key that it wraps."""

    unlocker_id: str
    kind: str
    login_public_key: bytes
    wrapped_vault_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account as its client drew it."""

    account_number: str
    fingerprint: str
    identity: bytes = field(repr=False)
    """The public identity as JSON text (keys.md §1)."""
    generation: int
    sealed_vault: bytes = field(repr=False)
    unlockers: tuple[NewUnlocker, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account."""

    account_number: str
    kind: AccountKind
    address: str = field(repr=False)
    fingerprint: str
    identity: bytes = field(repr=False)
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocker:
    """One of an account's unlockers."""

    unlocker_id: str
    account_number: str
    kind: str
    login_public_key: bytes
    wrapped_vault_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """The vault in force. `sealed` is ciphertext."""

    account_number: str
    generation: int
    saved_at: int
    sealed: bytes = field(repr=False)


def add_account(
    connection: Connection,
    *,
    account: NewAccount,
    kind: AccountKind,
    address: str,
    phone: str | None = None,
    now: int,
) -> None:
    """Keep an account with its vault and unlockers.

    Part of `organisations.admit`, `bindings.bind` and `enrolments.certify`; no route calls
    it. Raises AccountNumberTakenError or UnlockerTakenError.
    """
    number = account.account_number
    taken = select(tables.accounts.c.account_number).where(
        tables.accounts.c.account_number == number
    )
    if connection.execute(taken).first():
        raise AccountNumberTakenError
    unlocker = tables.unlockers.c
    ids = [one.unlocker_id for one in account.unlockers]
    keys = [one.login_public_key for one in account.unlockers]
    # Two searches, each in an index of its own; with OR it would be the whole table.
    clash = union_all(
        select(unlocker.unlocker_id).where(unlocker.unlocker_id.in_(ids)),
        select(unlocker.unlocker_id).where(unlocker.login_public_key.in_(keys)),
    )
    if len(set(ids)) < len(ids) or len(set(keys)) < len(keys) or connection.execute(clash).first():
        raise UnlockerTakenError
    connection.execute(
        insert(tables.accounts).values(
            account_number=number,
            kind=kind,
            address=address,
            phone=phone,
            fingerprint=account.fingerprint,
            created_at=now,
            identity=account.identity,
        )
    )
    connection.execute(
        insert(tables.vaults).values(
            account_number=number,
            generation=account.generation,
            saved_at=now,
            sealed=account.sealed_vault,
        )
    )
    connection.execute(
        insert(tables.unlockers),
        [
            {
                "unlocker_id": one.unlocker_id,
                "account_number": number,
                "kind": one.kind,
                "login_public_key": one.login_public_key,
                "wrapped_vault_key": one.wrapped_vault_key,
            }
            for one in account.unlockers
        ],
    )


# Made once: every receipt runs it.
_BY_NUMBER: Final = select(tables.accounts).where(
    tables.accounts.c.account_number == bindparam("account_number")
)


def read_account(connection: Connection, *, account_number: str) -> Account:
    """Return the account; NotFoundError if there is none."""
    row = connection.execute(_BY_NUMBER, {"account_number": account_number}).one_or_none()
    if row is None:
        raise NotFoundError
    return Account(
        account_number=row.account_number,
        kind=AccountKind(row.kind),
        address=row.address,
        fingerprint=row.fingerprint,
        identity=row.identity,
        created_at=row.created_at,
    )


def account_numbers(connection: Connection, *, address: str) -> tuple[str, ...]:
    """Return the numbers of all accounts with this canonical address: couples share one."""
    account = tables.accounts.c
    rows = connection.execute(
        select(account.account_number)
        .where(account.address == address)
        .order_by(account.account_number)
    )
    return tuple(rows.scalars())


def find_unlocker(
    connection: Connection, *, account_number: str, kind: str, login_public_key: bytes
) -> Unlocker:
    """Return the unlocker that all three name; NotFoundError otherwise.

    One statement whatever is wrong, so that time tells an unknown account from
    a known one no more than the answer does.
    """
    unlocker = tables.unlockers.c
    row = (
        connection.execute(
            select(tables.unlockers).where(
                unlocker.login_public_key == login_public_key,
                unlocker.account_number == account_number,
                unlocker.kind == kind,
            )
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError
    return Unlocker(**row)


def read_unlocker(connection: Connection, *, unlocker_id: str) -> Unlocker:
    """Return the unlocker (a session names it); NotFoundError if there is none."""
    row = (
        connection.execute(
            select(tables.unlockers).where(tables.unlockers.c.unlocker_id == unlocker_id)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError
    return Unlocker(**row)


def main_unlocker_id(connection: Connection, *, account_number: str) -> str:
    """Return the id of the account's password unlocker, or of another if it has none."""
    unlocker = tables.unlockers.c
    found: str = connection.execute(
        select(unlocker.unlocker_id)
        .where(unlocker.account_number == account_number)
        .order_by(case((unlocker.kind == "password", 0), else_=1), unlocker.unlocker_id)
        .limit(1)
    ).scalar_one()
    return found


def read_vault(connection: Connection, *, account_number: str) -> Vault:
    """Return the vault in force; NotFoundError if there is no such account."""
    row = (
        connection.execute(
            select(tables.vaults).where(tables.vaults.c.account_number == account_number)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError
    return Vault(**row)
