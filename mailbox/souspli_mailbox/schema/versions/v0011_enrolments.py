"""Enrolments; and members by organisation, now that it has several.

What a column is for: `tables.py`, docs/what-is-kept.md.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy import Text as PlainText

revision = "0011"
down_revision = "0010"

Wide = BigInteger().with_variant(Integer(), "sqlite")
Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a table and an index."""
    op.create_table(
        "enrolments",
        Column("enrolment_id", Text, nullable=False),
        Column("handle", Text, nullable=False),
        Column("organisation", Text, nullable=False),
        Column("member", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("address", Text, nullable=False),
        Column("record_hash", Text, nullable=False),
        Column("created_at", Wide, nullable=False),
        Column("ends_at", Wide, nullable=False),
        Column("request_hash", Text),
        Column("certificate_hash", Text),
        Column("envelope", LargeBinary, nullable=False),
        Column("by_code", LargeBinary),
        Column("by_identity", LargeBinary),
        Column("account", LargeBinary),
        Column("certificate", LargeBinary),
        CheckConstraint(
            "status IN ('open', 'answered', 'certified')", name=op.f("ck_enrolments_status")
        ),
        ForeignKeyConstraint(
            ["organisation"], ["organisations.fingerprint"], name=op.f("fk_enrolments_organisation")
        ),
        ForeignKeyConstraint(
            ["member"], ["members.fingerprint"], name=op.f("fk_enrolments_member")
        ),
        PrimaryKeyConstraint("enrolment_id", name=op.f("pk_enrolments")),
        UniqueConstraint("handle", name=op.f("uq_enrolments_handle")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_enrolments_ends_at"), "enrolments", ["ends_at"])
    op.create_index(
        "ix_enrolments_uncertified",
        "enrolments",
        ["organisation", "created_at", "enrolment_id"],
        sqlite_where=text("status IN ('open', 'answered')"),
        postgresql_where=text("status IN ('open', 'answered')"),
    )
    op.create_index("ix_members_organisation", "members", ["organisation", "fingerprint"])
