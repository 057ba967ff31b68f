"""The first tables: mails and documents.

A migration never changes once a release has it: ledgers out there have run it.
"""

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "mails",
        Column("queue_id", Text, nullable=False),
        Column("repeat", LargeBinary, nullable=False),
        Column("account", Text, nullable=False),
        Column("received_at", Integer, nullable=False),
        PrimaryKeyConstraint("queue_id"),
        UniqueConstraint("repeat"),
        sqlite_strict=True,
    )
    op.create_index("ix_mails_received_at", "mails", ["received_at"])
    op.create_table(
        "documents",
        Column("place", Integer, primary_key=True, autoincrement=True),
        Column("document_id", Text, nullable=False),
        Column("queue_id", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("reason", Text),
        Column("target", LargeBinary),
        Column("lane", LargeBinary),
        Column("report", LargeBinary),
        Column("is_urgent", Integer, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_try", Integer, nullable=False),
        Column("received_at", Integer, nullable=False),
        Column("since", Integer, nullable=False),
        Column("changed_at", Integer, nullable=False),
        Column("findings", Text),
        Column("decided_by", Text),
        Column("decided_at", Integer),
        UniqueConstraint("document_id"),
        CheckConstraint(
            "state IN ('waiting', 'to-check', 'failed', 'delivered', 'withdrawn', 'rejected')",
            name="ck_documents_state",
        ),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_documents_queue_id", "documents", ["queue_id"])
    op.create_index("ix_documents_waiting", "documents", ["state", "place"])
    op.create_index("ix_documents_later", "documents", ["state", "next_try"])
    op.create_index("ix_documents_lane", "documents", ["lane", "state", "place"])
    op.create_index("ix_documents_report", "documents", ["report", "lane"])
    op.create_table(
        "notices",
        Column("document_id", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("queue_id", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("mail", Text),
        Column("attempts", Integer, nullable=False),
        Column("next_at", Integer, nullable=False),
        Column("due_at", Integer, nullable=False),
        PrimaryKeyConstraint("document_id", "kind"),
        CheckConstraint("kind IN ('delayed', 'to-check', 'failed')", name="ck_notices_kind"),
        CheckConstraint("state IN ('due', 'sent', 'refused', 'nobody')", name="ck_notices_state"),
        sqlite_strict=True,
    )
    op.create_index("ix_notices_due", "notices", ["state", "next_at"])
