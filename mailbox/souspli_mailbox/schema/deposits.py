"""What was sent: deposits, and what each organisation has used up."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    text,
)

from souspli_mailbox.schema.columns import Text, Wide, metadata, one_of

IS_UPLOADING: Final = text("state = 'uploading'")

deposits = Table(
    "deposits",
    metadata,
    Column("deposit_id", Wide, primary_key=True, autoincrement=True),
    Column("organisation", Text, ForeignKey("organisations.fingerprint"), nullable=False),
    Column("document_id", Text, nullable=False),
    Column("member", Text, ForeignKey("members.fingerprint"), nullable=False),
    Column("state", Text, nullable=False),
    Column("object_key", Text, nullable=False, unique=True),
    Column("sealed_length", Wide, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("opened_at", Wide, nullable=False),
    Column("stored_at", Wide),
    # Of the completing request: a repeat with other bytes is refused.
    Column("request_hash", Text),
    # Since when nobody is left whom the contents wait for: they are condemned.
    Column("emptied_at", Wide),
    one_of("state", "uploading", "stored"),
    CheckConstraint("(state = 'stored') = (stored_at IS NOT NULL)", name="stored"),
    UniqueConstraint("organisation", "document_id"),
    sqlite_strict=True,
    sqlite_autoincrement=True,
)
Index(
    "ix_deposits_sent",
    deposits.c.member,
    deposits.c.stored_at.desc(),
    deposits.c.document_id.desc(),
)
Index(
    "ix_deposits_stale",
    deposits.c.opened_at,
    sqlite_where=IS_UPLOADING,
    postgresql_where=IS_UPLOADING,
)

sender_covers = Table(
    "sender_covers",
    metadata,
    Column("deposit_id", Wide, ForeignKey("deposits.deposit_id"), primary_key=True),
    Column("cover_hash", Text, nullable=False),
    Column("cover", LargeBinary, nullable=False),
    sqlite_strict=True,
)

# Counted in the transaction that opens or deletes a deposit, so that a quota costs one
# row however much an organisation has sent.
organisation_usage = Table(
    "organisation_usage",
    metadata,
    Column("organisation", Text, ForeignKey("organisations.fingerprint"), primary_key=True),
    Column("documents", Wide, nullable=False),
    Column("sealed_bytes", Wide, nullable=False),
    Column("day_began_at", Wide, nullable=False),
    Column("documents_today", Wide, nullable=False),
    sqlite_strict=True,
)
