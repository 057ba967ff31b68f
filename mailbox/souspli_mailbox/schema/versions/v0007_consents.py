"""Consent and terms: what practices noted, what patients chose and accepted.

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

revision = "0007"
down_revision = "0006"

Wide = BigInteger().with_variant(Integer(), "sqlite")
Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")


def upgrade() -> None:
    """Add four tables and a column."""
    op.create_table(
        "consents",
        Column("organisation", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("statement_hash", Text, nullable=False),
        Column("member", Text, nullable=False),
        Column("way", Text, nullable=False),
        Column("issued_at", Wide, nullable=False),
        Column("kept_at", Wide, nullable=False),
        Column("envelope", LargeBinary, nullable=False),
        ForeignKeyConstraint(
            ["organisation"], ["organisations.fingerprint"], name=op.f("fk_consents_organisation")
        ),
        ForeignKeyConstraint(["member"], ["members.fingerprint"], name=op.f("fk_consents_member")),
        PrimaryKeyConstraint("organisation", "subject", "sequence", name=op.f("pk_consents")),
        sqlite_strict=True,
    )
    op.create_table(
        "choices",
        Column("account_number", Text, nullable=False),
        Column("organisation", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("statement_hash", Text, nullable=False),
        Column("way", Text, nullable=False),
        Column("issued_at", Wide, nullable=False),
        Column("kept_at", Wide, nullable=False),
        Column("envelope", LargeBinary, nullable=False),
        ForeignKeyConstraint(
            ["account_number"], ["accounts.account_number"], name=op.f("fk_choices_account_number")
        ),
        ForeignKeyConstraint(
            ["organisation"], ["organisations.fingerprint"], name=op.f("fk_choices_organisation")
        ),
        PrimaryKeyConstraint("account_number", "organisation", "sequence", name=op.f("pk_choices")),
        sqlite_strict=True,
    )
    op.create_table(
        "acceptances",
        Column("account_number", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("statement_hash", Text, nullable=False),
        Column("terms_version", Text, nullable=False),
        Column("terms_hash", Text, nullable=False),
        Column("kept_at", Wide, nullable=False),
        Column("envelope", LargeBinary, nullable=False),
        ForeignKeyConstraint(
            ["account_number"],
            ["accounts.account_number"],
            name=op.f("fk_acceptances_account_number"),
        ),
        PrimaryKeyConstraint("account_number", "sequence", name=op.f("pk_acceptances")),
        sqlite_strict=True,
    )
    op.create_table(
        "terms_seen",
        Column("version", Text, nullable=False),
        Column("language", Text, nullable=False),
        Column("terms_hash", Text, nullable=False),
        Column("in_force_from", Wide, nullable=False),
        Column("seen_at", Wide, nullable=False),
        PrimaryKeyConstraint("version", "language", name=op.f("pk_terms_seen")),
        sqlite_strict=True,
    )
    op.add_column("invitations", Column("paper_since", Wide))
