"""What alembic runs: migrations over the connection that it was handed, and no other.

`Database.upgrade` has begun a transaction that holds the write lock; a migration is
there whole or not at all.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    # The transaction is the caller's: alembic neither begins nor commits one.
    transaction_per_migration=False,
)
context.run_migrations()
