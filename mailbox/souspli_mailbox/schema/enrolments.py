"""Enrolments: who is asked to become a member, and what they answered (enrolment.md §5)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, text

from souspli_mailbox.schema.columns import Text, Wide, metadata, one_of

IS_UNCERTIFIED: Final = text("status IN ('open', 'answered')")

enrolments = Table(
    "enrolments",
    metadata,
    Column("enrolment_id", Text, primary_key=True),
    Column("handle", Text, nullable=False, unique=True),
    Column("organisation", Text, ForeignKey("organisations.fingerprint"), nullable=False),
    Column("member", Text, ForeignKey("members.fingerprint"), nullable=False),
    Column("status", Text, nullable=False),
    # By which a later enrolment of the same person replaces this one.
    Column("address", Text, nullable=False),
    Column("record_hash", Text, nullable=False),
    Column("created_at", Wide, nullable=False),
    # Past this moment the row admits and gives nothing, swept or not.
    Column("ends_at", Wide, nullable=False, index=True),
    # A repeat of the very same request is answered again, any other is refused.
    Column("request_hash", Text),
    Column("certificate_hash", Text),
    Column("envelope", LargeBinary, nullable=False),
    Column("by_code", LargeBinary),
    Column("by_identity", LargeBinary),
    # As it was sent, until the certificate makes an account of it.
    Column("account", LargeBinary),
    Column("certificate", LargeBinary),
    one_of("status", "open", "answered", "certified"),
    sqlite_strict=True,
)
# Few of an organisation's: what its administrator's client asks for.
Index(
    "ix_enrolments_uncertified",
    enrolments.c.organisation,
    enrolments.c.created_at,
    enrolments.c.enrolment_id,
    sqlite_where=IS_UNCERTIFIED,
    postgresql_where=IS_UNCERTIFIED,
)
