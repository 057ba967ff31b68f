"""Who went back to paper is found without reading an organisation's other invitations.

What a column is for: `tables.py`, docs/what-is-kept.md.
"""

from alembic import op
from sqlalchemy import text

revision = "0008"
down_revision = "0007"

IS_ON_PAPER = text("paper_since IS NOT NULL")


def upgrade() -> None:
    """Add an index."""
    op.create_index(
        "ix_invitations_paper",
        "invitations",
        ["organisation", "paper_since", "invitation_id"],
        sqlite_where=IS_ON_PAPER,
        postgresql_where=IS_ON_PAPER,
    )
