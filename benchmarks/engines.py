"""Where rows and objects rest in a benchmark: each engine started, and told to the nodes."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import postgres
from benchmarks.engine_kinds import DatabaseKind, StoreKind
from benchmarks.postgres import PostgresServer
from benchmarks.processes import descendants
from souspli_cli.demo_engines import new_bucket, store_settings
from souspli_cli.seaweedfs import SeaweedFS
from souspli_mailbox.database import open_database
from souspli_mailbox.settings import Settings, load
from souspli_storage.database import Database

# Of the service, on a server of the benchmark's own.
DATABASE: Final = "souspli"
# The S3 store of a benchmark, by its own name: others take another time.
_S3_PROGRAM: Final = "SeaweedFS"


@dataclass(frozen=True)
class Engines:
    """What a service of this benchmark stands on."""

    database: DatabaseKind
    store: StoreKind
    data: Path
    """The data folder."""
    settings: Mapping[str, str]
    """Environment of the nodes."""
    servers: Mapping[str, int]
    """Process ids of what was started for it, by a name for the table."""
    postgres: PostgresServer | None = None

    @property
    def says(self) -> str:
        """For a table."""
        store = _S3_PROGRAM if self.store is StoreKind.S3 else self.store
        return f"{self.database}, {store}"

    def in_process(self) -> Settings:
        """Return the settings of a service that runs in this process."""
        return load(
            None,
            {
                **self.settings,
                "SOUSPLI_MAILBOX_DATA": str(self.data),
                "SOUSPLI_MAILBOX_SERVE_PAGE": "false",
                "SOUSPLI_MAILBOX_LISTEN_PORT": "0",
            },
        )

    def settle(self) -> None:
        """Let the database do at once what it does by itself within a day of being filled.

        PostgreSQL counts its tables (autovacuum); without that it plans as if they were
        empty. SQLite, as the service uses it, never does.
        """
        if self.postgres is not None:
            self.postgres.settle(DATABASE)

    def open(self) -> Database:
        """Open the database as the service does."""
        return open_database(self.in_process())


@contextmanager
def started(database: DatabaseKind, store: StoreKind, folder: Path) -> Generator[Engines]:
    """Start what is needed, in `folder`; stop it at the end."""
    # One practice sends here what a thousand do in a day.
    settings = {"SOUSPLI_MAILBOX_LIMITS_ORGANISATION_DOCUMENTS_A_DAY": "0"}
    servers: dict[str, int] = {}
    with ExitStack() as stack:
        server = None
        if database is DatabaseKind.POSTGRESQL:
            server = stack.enter_context(postgres.started(folder / "postgresql"))
            server.create(DATABASE)
            settings["SOUSPLI_MAILBOX_DATABASE_URL"] = server.url(DATABASE)
            servers[database] = server.pid
        if store is StoreKind.S3:
            below = folder / "seaweedfs"
            below.mkdir()
            weed = stack.enter_context(SeaweedFS(below))
            settings |= store_settings(new_bucket(weed), below)
            # The drivers speak to the nodes alone: all bytes go through them, and cost them.
            settings["SOUSPLI_MAILBOX_STORE_DIRECT"] = "false"
            servers[_S3_PROGRAM] = _server_of(weed)
        yield Engines(database, store, folder / "data", settings, servers, server)


def _server_of(weed: SeaweedFS) -> int:
    assert weed.guard is not None  # noqa: S101  (it was started)
    names = {pid: Path(f"/proc/{pid}/comm") for pid in descendants(weed.guard)}
    return next(pid for pid, name in names.items() if name.read_text() == "weed\n")


@contextmanager
def started_database(database: DatabaseKind, folder: Path) -> Generator[Engines]:
    """Start a database alone; its store is never looked at."""
    with started(database, StoreKind.DISK, folder) as engines:
        yield engines
