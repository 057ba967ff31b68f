"""Which database and which store a run is about: the one place that tells them apart."""

from __future__ import annotations

import re
import shutil
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import s3_settings
from benchmarks.engine_kinds import DatabaseKind, StoreKind
from s3_server import PLAIN, VERSIONED
from simulation.databases import SEQUENCES
from sqlalchemy import delete, insert, select, text

from souspli_mailbox.database import DATABASE_FILE, connect_database
from souspli_mailbox.schema import tables
from souspli_mailbox.settings import DatabaseSettings, Settings
from souspli_mailbox.store import DOCUMENTS_FOLDER
from souspli_storage.disk import DiskBlobs
from souspli_storage.s3 import open_s3
from souspli_storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from crash.proxy import Proxy
    from s3_server import S3Server
    from simulation.databases import PostgresqlServer
    from sqlalchemy import Connection, Table

    from souspli_storage.blobs import BlobStore
    from souspli_storage.database import Database
    from souspli_storage.s3_location import S3Location

    AllRows = Mapping[Table, Sequence[dict[str, object]]]


@dataclass(frozen=True)
class Engines:
    """One combination of the two."""

    database: DatabaseKind
    store: StoreKind

    def __str__(self) -> str:
        return f"{self.database} and {self.store}"


EMBEDDED: Final = Engines(DatabaseKind.SQLITE, StoreKind.DISK)
LARGE: Final = Engines(DatabaseKind.POSTGRESQL, StoreKind.S3)
ENGINES: Final = (
    EMBEDDED,
    LARGE,
    Engines(DatabaseKind.SQLITE, StoreKind.S3),
    Engines(DatabaseKind.POSTGRESQL, StoreKind.DISK),
)


@dataclass
class Servers:
    """The real servers of a session, each started when the first run needs it."""

    start_postgresql: Callable[[], PostgresqlServer]
    start_s3: Callable[[], S3Server]
    _postgresql: PostgresqlServer | None = None
    _s3: S3Server | None = None

    def start(self, *needed: Engines) -> None:
        """Start what these need, unless it runs. From the thread that will end them."""
        if self._postgresql is None and any(
            one.database is DatabaseKind.POSTGRESQL for one in needed
        ):
            self._postgresql = self.start_postgresql()
        if self._s3 is None and any(one.store is StoreKind.S3 for one in needed):
            self._s3 = self.start_s3()

    def place(self) -> S3Location | None:
        """Where the store is, if it was needed."""
        return None if self._s3 is None else self._s3.place()

    @property
    def postgresql(self) -> PostgresqlServer:
        assert self._postgresql is not None, "nobody said that it is needed"
        return self._postgresql

    @property
    def s3(self) -> S3Server:
        assert self._s3 is not None, "nobody said that it is needed"
        return self._s3


@dataclass
class Ground:
    """What a service of one run stands on: its rows and its documents. A context.

    `database_line`, `store_line`: proxies between the service and these.
    """

    engines: Engines
    servers: Servers
    data: Path
    direct: bool = True
    """Whether clients put and read at an S3 store themselves."""
    versioned: bool = False
    """Whether an S3 store keeps versions of what is deleted."""
    database_line: Proxy | None = None
    store_line: Proxy | None = None
    _postgresql: DatabaseSettings | None = None
    _place: S3Location | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    def begin(self, template: Path) -> None:
        """Have the template's rows, and no document."""
        self.data.mkdir(parents=True, mode=0o700, exist_ok=True)
        if self.engines.store is StoreKind.S3:
            self._place = self.servers.s3.place(VERSIONED if self.versioned else PLAIN)
        if self.engines.database is DatabaseKind.SQLITE:
            shutil.copyfile(template / DATABASE_FILE, self.data / DATABASE_FILE)
            return
        with _MAKING:  # lanes ask at once
            self._postgresql = self._stack.enter_context(self.servers.postgresql.migrated())
        with (
            SqliteDatabase(template / DATABASE_FILE) as source,
            self.open_database() as target,
        ):
            _copy_rows(source, target)

    def close(self) -> None:
        """Give back what was taken."""
        with _MAKING:
            self._stack.close()

    @property
    def settings(self) -> dict[str, str]:
        """Environment variables by which a service finds both; `--data` says the rest."""
        said: dict[str, str] = {}
        if self._postgresql is not None:
            url = self._postgresql.url
            if self.database_line is not None:
                found = re.fullmatch(r"(postgresql://[^@]*@)/([^?]*)\?host=(.*)", url)
                assert found is not None, "the tests' server listens on a socket of its own"
                self.database_line.upstream = f"{found[3]}/.s.PGSQL.5432"
                url = f"{found[1]}127.0.0.1:{self.database_line.port}/{found[2]}"
            said["SOUSPLI_MAILBOX_DATABASE_URL"] = url
        if self._place is not None:
            place = self._place
            if self.store_line is not None:
                self.store_line.upstream = int(place.endpoint.rpartition(":")[2])
                through = f"http://127.0.0.1:{self.store_line.port}"
                place = replace(place, endpoint=through)
            said |= s3_settings.environment(place, self.data / "keys")
            said["SOUSPLI_MAILBOX_STORE_DIRECT"] = str(self.direct).lower()
        return said

    def open_database(self) -> Database:
        """Open the rows, as the service does, to be closed by the caller."""
        settings = self._postgresql or DatabaseSettings()
        return connect_database(Settings(data=self.data, database=settings, serve_page=False))

    def open_blobs(self) -> BlobStore:
        """Open the documents, as the service does."""
        if self._place is not None:
            return open_s3(self._place)
        return DiskBlobs(self.data / DOCUMENTS_FOLDER)

    def listed(self) -> list[str]:
        """Everything that lies in the store: objects, versions, marks, uploads, files."""
        if self._place is None:
            return [str(path) for path in (self.data / DOCUMENTS_FOLDER).rglob("*")]
        return self.servers.s3.listing(self._place)

    def leftovers(self, known: set[str]) -> list[str]:
        """What lies in the store under none of these keys, or as an upload under one."""
        if self._place is None:
            return [path.name for path in (self.data / DOCUMENTS_FOLDER / "writing").glob("*")]
        found = self.servers.s3.listing(self._place)
        return [
            one
            for one in found
            if one.startswith("Uploads") or not ("/ledger/" in one or known & _keys(one))
        ]


def _keys(name: str) -> set[str]:
    return set(re.findall(r"[0-9a-f]{32}", name))


_MAKING: Final = threading.Lock()


def _copy_rows(source: Database, target: Database) -> None:
    """Put every row of one database into another, which is empty."""
    rows = all_rows(source)

    def put(connection: Connection) -> None:
        _insert(connection, rows)
        for sequence in SEQUENCES:
            # Beyond what was copied: the template has a few jobs and no deposit.
            connection.execute(text(f"SELECT setval('{sequence}', 1000)"))

    target.write_now(put)


def all_rows(database: Database) -> AllRows:
    """Read everything: a backup of a small database."""
    return database.read_now(
        lambda connection: {
            table: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in tables.metadata.sorted_tables
        }
    )


def put_back(database: Database, rows: AllRows) -> None:
    """Have exactly these rows again, as a restored backup does."""

    def put(connection: Connection) -> None:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(delete(table))
        _insert(connection, rows)

    database.write_now(put)


def _insert(connection: Connection, rows: AllRows) -> None:
    for table, values in rows.items():
        if values:
            connection.execute(insert(table), values)
