"""Several processes on one database: what an organisation uses, one job of a kind, indexes.

Every statement of a busy day finds its rows by an index from here on
(tests/mailbox/test_plans.py).
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    text,
)
from sqlalchemy import Text as PlainText

revision = "0002"
down_revision = "0001"

Wide = BigInteger().with_variant(Integer(), "sqlite")
Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")


def upgrade() -> None:
    """Add, and count what is there."""
    op.create_table(
        "organisation_usage",
        Column("organisation", Text, nullable=False),
        Column("documents", Wide, nullable=False),
        Column("sealed_bytes", Wide, nullable=False),
        Column("day_began_at", Wide, nullable=False),
        Column("documents_today", Wide, nullable=False),
        ForeignKeyConstraint(
            ["organisation"],
            ["organisations.fingerprint"],
            name=op.f("fk_organisation_usage_organisation"),
        ),
        PrimaryKeyConstraint("organisation", name=op.f("pk_organisation_usage")),
        sqlite_strict=True,
    )
    op.execute(
        "INSERT INTO organisation_usage SELECT organisation, count(*), sum(sealed_length), 0, 0 "
        "FROM deposits GROUP BY organisation"
    )
    _index_where("ix_invitations_ending", "invitations", ["organisation", "not_after"], "pending")
    _index_where(
        "ix_deliveries_untold", "deliveries", ["account_number", "invitation_id"], "untold"
    )
    _index_where("uq_jobs_recurring", "jobs", ["job"], "recurring", unique=True)
    op.create_index(op.f("ix_notifications_mailed_at"), "notifications", ["mailed_at"])
    op.create_index(
        "ix_condemned_objects_queue", "condemned_objects", ["condemned_at", "object_key"]
    )


_WHERE = {
    "pending": "status = 'pending'",
    "untold": "state IN ('stored', 'bounced')",
    "recurring": "state = 'waiting' AND payload = '{}'",
}


def _index_where(
    name: str, table: str, columns: list[str], which: str, *, unique: bool = False
) -> None:
    where = text(_WHERE[which])
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
