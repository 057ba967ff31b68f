"""What was agreed to: consents, choices, terms."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table

from souspli_mailbox.schema.columns import Text, Wide, metadata

# One line of statements for each patient of an organisation; no row is ever changed.
consents = Table(
    "consents",
    metadata,
    Column("organisation", Text, ForeignKey("organisations.fingerprint"), primary_key=True),
    # The first invitation of the patient's line.
    Column("subject", Text, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("statement_hash", Text, nullable=False),
    Column("member", Text, ForeignKey("members.fingerprint"), nullable=False),
    Column("way", Text, nullable=False),
    Column("issued_at", Wide, nullable=False),
    Column("kept_at", Wide, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)

choices = Table(
    "choices",
    metadata,
    Column("account_number", Text, ForeignKey("accounts.account_number"), primary_key=True),
    Column("organisation", Text, ForeignKey("organisations.fingerprint"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("statement_hash", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("issued_at", Wide, nullable=False),
    Column("kept_at", Wide, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)

acceptances = Table(
    "acceptances",
    metadata,
    Column("account_number", Text, ForeignKey("accounts.account_number"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("statement_hash", Text, nullable=False),
    Column("terms_version", Text, nullable=False),
    Column("terms_hash", Text, nullable=False),
    Column("kept_at", Wide, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)

# Since when a version of the terms is known: thirty days before it may be in force.
terms_seen = Table(
    "terms_seen",
    metadata,
    Column("version", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("terms_hash", Text, nullable=False),
    Column("in_force_from", Wide, nullable=False),
    Column("seen_at", Wide, nullable=False),
    sqlite_strict=True,
)
