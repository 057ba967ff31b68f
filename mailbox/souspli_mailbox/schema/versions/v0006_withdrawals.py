"""Documents that their senders took back.

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

revision = "0006"
down_revision = "0005"

Wide = BigInteger().with_variant(Integer(), "sqlite")
Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "withdrawals",
        Column("deposit_id", Wide, nullable=False),
        Column("withdrawal_hash", Text, nullable=False),
        Column("member", Text, nullable=False),
        Column("kept_at", Wide, nullable=False),
        Column("carried_out_at", Wide),
        Column("envelope", LargeBinary, nullable=False),
        ForeignKeyConstraint(
            ["deposit_id"], ["deposits.deposit_id"], name=op.f("fk_withdrawals_deposit_id")
        ),
        ForeignKeyConstraint(
            ["member"], ["members.fingerprint"], name=op.f("fk_withdrawals_member")
        ),
        PrimaryKeyConstraint("deposit_id", name=op.f("pk_withdrawals")),
        sqlite_strict=True,
    )
