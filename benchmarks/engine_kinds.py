"""Which database and which store a service stands on, in the words of tables and test names."""

from __future__ import annotations

from enum import StrEnum


class DatabaseKind(StrEnum):
    """Where rows rest."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"


class StoreKind(StrEnum):
    """Where documents rest."""

    DISK = "disk"
    S3 = "S3"
