"""Letters that nobody answered: what their purge has come to, and whom an object waits for.

What a column is for: `tables.py`, docs/what-is-kept.md.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    text,
)
from sqlalchemy import Text as PlainText

revision = "0004"
down_revision = "0003"

Wide = BigInteger().with_variant(Integer(), "sqlite")
Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a table, five columns and four indexes."""
    op.create_table(
        "purges",
        Column("invitation_id", Text, nullable=False),
        Column("begun_at", Wide, nullable=False),
        Column("told_at", Wide),
        Column("resumes_at", Wide),
        Column("ended_at", Wide),
        Column("deliveries", Integer, nullable=False),
        Column("objects_deleted", Integer, nullable=False),
        Column("objects_kept", Integer, nullable=False),
        Column("envelope", LargeBinary),
        ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.invitation_id"],
            name=op.f("fk_purges_invitation_id"),
        ),
        PrimaryKeyConstraint("invitation_id", name=op.f("pk_purges")),
        sqlite_strict=True,
    )
    op.add_column("deposits", Column("emptied_at", Wide))
    op.add_column("deliveries", Column("withdrawn_at", Wide))
    op.add_column("deliveries", Column("expired_at", Wide))
    op.add_column("deliveries", Column("bounce_reason", Text))
    op.add_column("condemned_objects", Column("purge", Text))
    op.create_index(op.f("ix_condemned_objects_purge"), "condemned_objects", ["purge"])
    _index_where("ix_purges_untold", "purges", ["begun_at"], "told_at IS NULL")
    _index_where(
        "ix_purges_unended",
        "purges",
        ["resumes_at", "invitation_id"],
        "told_at IS NOT NULL AND ended_at IS NULL",
    )
    _index_where(
        "ix_invitations_unanswered",
        "invitations",
        ["not_after", "invitation_id"],
        "status IN ('pending', 'expired') AND address IS NOT NULL",
    )


def _index_where(name: str, table: str, columns: list[str], condition: str) -> None:
    op.create_index(
        name,
        table,
        columns,
        sqlite_where=text(condition),
        postgresql_where=text(condition),
    )
