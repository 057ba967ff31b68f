"""What the service keeps about itself."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table

from souspli_mailbox.schema.columns import Text, metadata

service_secrets = Table(
    "service_secrets",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    sqlite_strict=True,
)

service_facts = Table(
    "service_facts",
    metadata,
    Column("fact", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_strict=True,
)
