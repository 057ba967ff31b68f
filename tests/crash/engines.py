"""Which database and which store a run is about: the one place that tells them apart."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from souspli_mailbox.database import DATABASE_FILE
from souspli_mailbox.store import DOCUMENTS_FOLDER
from souspli_storage.disk import DiskBlobs
from souspli_storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from pathlib import Path

    from souspli_storage.blobs import BlobStore
    from souspli_storage.database import Database


class DatabaseKind(StrEnum):
    """Where rows rest."""

    SQLITE = "SQLite"


class StoreKind(StrEnum):
    """Where documents rest."""

    DISK = "disk"


@dataclass(frozen=True)
class Engines:
    """One combination of the two."""

    database: DatabaseKind
    store: StoreKind

    def __str__(self) -> str:
        return f"{self.database} and {self.store}"

    def copy(self, template: Path, data: Path) -> Ground:
        """Make a data folder of one run, with the template's rows and no document."""
        data.mkdir(parents=True, mode=0o700, exist_ok=True)
        shutil.copyfile(template / DATABASE_FILE, data / DATABASE_FILE)
        return Ground(data)


ENGINES: Final = tuple(Engines(database, store) for database in DatabaseKind for store in StoreKind)


@dataclass
class Ground:
    """What a service of one run stands on: its rows and its documents."""

    data: Path

    @property
    def settings(self) -> dict[str, str]:
        """Environment variables by which a service finds both; `--data` says the rest."""
        return {}

    def open_database(self) -> Database:
        """Open the rows, as the service does, to be closed by the caller."""
        return SqliteDatabase(self.data / DATABASE_FILE)

    def open_blobs(self) -> BlobStore:
        """Open the documents, as the service does."""
        return DiskBlobs(self.data / DOCUMENTS_FOLDER)

    def leftovers(self) -> list[str]:
        """What lies in the store under no key."""
        return [path.name for path in (self.data / DOCUMENTS_FOLDER / "writing").glob("*")]
