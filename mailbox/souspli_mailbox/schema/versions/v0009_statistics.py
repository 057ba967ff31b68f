"""No statistics of what says who a patient is.

PostgreSQL's ANALYZE copies values of columns into `pg_statistic`, for its planner, where
they outlive the rows. SQLite, which is never told to, does nothing of the kind.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

# With their types as they are: naming the type again deletes statistics that are there.
KEPT_OUT = {
    "invitations": {"address": 'text COLLATE "C"', "phone": 'text COLLATE "C"'},
    "accounts": {"address": 'text COLLATE "C"', "phone": 'text COLLATE "C"'},
    "person_checks": {"person_check": "bytea"},
}


def upgrade() -> None:
    """Have ANALYZE leave these columns out. They are found through indexes anyway."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, columns in KEPT_OUT.items():
        for column, kind in columns.items():
            op.execute(f"ALTER TABLE {table} ALTER {column} SET STATISTICS 0")
            op.execute(f"ALTER TABLE {table} ALTER {column} TYPE {kind}")
