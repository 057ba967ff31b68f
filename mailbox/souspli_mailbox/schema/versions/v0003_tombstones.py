"""What must not come back: why an object is to be deleted, and what the service remembers.

What a column is for: `tables.py`, docs/what-is-kept.md.
"""

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint
from sqlalchemy import Text as PlainText

revision = "0003"
down_revision = "0002"

Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a column and a table."""
    op.add_column("condemned_objects", Column("reason", Text))
    op.create_table(
        "service_facts",
        Column("fact", Text, nullable=False),
        Column("value", Text, nullable=False),
        PrimaryKeyConstraint("fact", name=op.f("pk_service_facts")),
        sqlite_strict=True,
    )
