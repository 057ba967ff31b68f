"""When recipients are reminded, and the telephone to which a text message may go.

What a column is for: `tables.py`, docs/what-is-kept.md.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, text
from sqlalchemy import Text as PlainText

revision = "0005"
down_revision = "0004"

Wide = BigInteger().with_variant(Integer(), "sqlite")
Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")

# docs/specs/pending.md §2: the first reminder, and a last one.
_FIRST_SECONDS = 3 * 86_400


def upgrade() -> None:
    """Add three columns and an index; what waits already is looked at as well."""
    op.add_column("accounts", Column("phone", Text))
    op.add_column("invitations", Column("phone", Text))
    op.add_column("deliveries", Column("remind_at", Wide))
    # Moments that have passed long ago are found passed, and are one reminder or none.
    op.execute(
        f"UPDATE deliveries SET remind_at = stored_at + {_FIRST_SECONDS} "  # noqa: S608 (a number of ours)
        "WHERE state IN ('stored', 'notified', 'bounced')"
    )
    op.create_index(
        "ix_deliveries_remind",
        "deliveries",
        ["remind_at"],
        sqlite_where=text("remind_at IS NOT NULL"),
        postgresql_where=text("remind_at IS NOT NULL"),
    )
