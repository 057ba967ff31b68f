"""Accounts that their patients closed.

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
)
from sqlalchemy import Text as PlainText

revision = "0010"
down_revision = "0009"

Wide = BigInteger().with_variant(Integer(), "sqlite")
Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "closings",
        Column("account_number", Text, nullable=False),
        Column("closed_at", Wide, nullable=False),
        Column("closing_hash", Text),
        Column("carried_out_at", Wide),
        Column("envelope", LargeBinary),
        ForeignKeyConstraint(
            ["account_number"], ["accounts.account_number"], name=op.f("fk_closings_account_number")
        ),
        PrimaryKeyConstraint("account_number", name=op.f("pk_closings")),
        sqlite_strict=True,
    )
