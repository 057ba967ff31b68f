"""Who has an account: organisations, their members, patients, and what opens a vault."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table

from souspli_mailbox.schema.columns import Text, Wide, metadata, one_of

organisations = Table(
    "organisations",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("statement_hash", Text, nullable=False),
    Column("created_at", Wide, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)

accounts = Table(
    "accounts",
    metadata,
    Column("account_number", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False, index=True),
    Column("fingerprint", Text, nullable=False, index=True),
    Column("created_at", Wide, nullable=False),
    Column("identity", LargeBinary, nullable=False),
    # For text messages, if the practice gave one (docs/specs/mails.md §8).
    Column("phone", Text),
    one_of("kind", "patient", "member"),
    sqlite_strict=True,
)

members = Table(
    "members",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisations.fingerprint"), nullable=False),
    Column(
        "account_number", Text, ForeignKey("accounts.account_number"), nullable=False, unique=True
    ),
    Column("statement_hash", Text, nullable=False),
    Column("created_at", Wide, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)

Index("ix_members_organisation", members.c.organisation, members.c.fingerprint)

unlockers = Table(
    "unlockers",
    metadata,
    Column("unlocker_id", Text, primary_key=True),
    Column(
        "account_number", Text, ForeignKey("accounts.account_number"), nullable=False, index=True
    ),
    Column("kind", Text, nullable=False),
    Column("login_public_key", LargeBinary, nullable=False, unique=True),
    Column("wrapped_vault_key", LargeBinary, nullable=False),
    one_of("kind", "password", "device"),
    sqlite_strict=True,
)

vaults = Table(
    "vaults",
    metadata,
    Column("account_number", Text, ForeignKey("accounts.account_number"), primary_key=True),
    Column("generation", Wide, nullable=False),
    Column("saved_at", Wide, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_strict=True,
)
