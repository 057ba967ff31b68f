"""The ledger's tables, and the migrations that lead to them (docs/specs/bridge.md §6)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

MIGRATIONS: Final = Path(__file__).parent
"""Folder of `env.py` and `versions/`, for `Database.upgrade`."""

STATES: Final = ("waiting", "to-check", "failed", "delivered", "withdrawn", "rejected")
NOTICE_KINDS: Final = ("delayed", "to-check", "failed")
NOTICE_STATES: Final = ("due", "sent", "refused", "nobody")

metadata: Final = MetaData()

mails = Table(
    "mails",
    metadata,
    Column("queue_id", Text, primary_key=True),
    # Keyed, as all digests here: nobody tries mails or addresses against this file.
    Column("repeat", LargeBinary, nullable=False, unique=True),
    Column("account", Text, nullable=False),
    Column("received_at", Integer, nullable=False, index=True),
    sqlite_strict=True,
)

documents = Table(
    "documents",
    metadata,
    # The order in which they were accepted.
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("document_id", Text, nullable=False, unique=True),
    # No foreign key: rows with a report stay longer than their mail's.
    Column("queue_id", Text, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    # A box: the addresses it is for. NULL until it is sorted.
    Column("target", LargeBinary),
    # Digest of the first of them: whose documents go in order. NULL until it is sorted.
    Column("lane", LargeBinary),
    Column("report", LargeBinary),
    # The laboratory hears of its delay sooner.
    Column("is_urgent", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", Integer, nullable=False),
    Column("received_at", Integer, nullable=False),
    # From when it counts as late: received, or begun anew by a person.
    Column("since", Integer, nullable=False),
    Column("changed_at", Integer, nullable=False),
    # Words for what was seen in its PDFs. NULL until they were examined.
    Column("findings", Text),
    # Which person decided what is to become of it, and when. NULL: nobody had to.
    Column("decided_by", Text),
    Column("decided_at", Integer),
    CheckConstraint(f"state IN {STATES}", name="ck_documents_state"),
    sqlite_strict=True,
    sqlite_autoincrement=True,
)
Index("ix_documents_waiting", documents.c.state, documents.c.place)
Index("ix_documents_later", documents.c.state, documents.c.next_try)
# Asked before each document: what nobody has sorted (no lane), and a patient's that wait.
Index("ix_documents_lane", documents.c.lane, documents.c.state, documents.c.place)
Index("ix_documents_report", documents.c.report, documents.c.lane)

notices = Table(
    "notices",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("queue_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    # Id of the mail that it goes in; NULL while the relay certainly has none.
    Column("mail", Text),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Integer, nullable=False),
    Column("due_at", Integer, nullable=False),
    CheckConstraint(f"kind IN {NOTICE_KINDS}", name="ck_notices_kind"),
    CheckConstraint(f"state IN {NOTICE_STATES}", name="ck_notices_state"),
    sqlite_strict=True,
)
Index("ix_notices_due", notices.c.state, notices.c.next_at)
