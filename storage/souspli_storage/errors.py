"""Everything that `souspli_storage` raises.

    StorageError                    has `temporary`
    ├── StorageFullError            disk, quota or file size: nothing was kept
    ├── StoreUnavailableError       temporary; applied or not, nobody can tell
    ├── StoreRefusedError           its operator must act: credentials, rights, bucket
    ├── StoreUnsuitableError        it lacks what no document may be kept without
    ├── StoreDamagedError           what rests is not what was kept
    ├── NoSuchObjectError           neither an upload nor an object, or not complete
    ├── ChecksumMismatchError       the bytes are not those of the checksum
    ├── PartsMissingError           `missing`: numbers that are absent or differ
    ├── ObjectDiffersError          already completed from other parts
    ├── PartDiffersError            this number has another checksum
    ├── NotDeletedError             something remains; `failures` says all of it
    ├── DumpRefusedError            a dump's file is not what was written, or doesn't fit
    └── DatabaseError
        ├── DatabaseBusyError       temporary: others hold what the unit needs
        ├── DatabaseInUseError      temporary: who wants it alone is not, or somebody else is
        ├── RowRefusedError         a row breaks a constraint, or does not fit its table
        ├── DatabaseUnavailableError  temporary; at its commit: applied or not, nobody can tell
        ├── DatabaseUnsuitableError the server may not be trusted with rows; the text says why
        └── DatabaseNewerError      made by a newer version of the service

No text here holds a path, a key or a parameter of a statement.
"""

from __future__ import annotations

from collections.abc import Sequence


class StorageError(Exception):
    """Base of all errors of this package. `temporary`: the same call may succeed later."""

    temporary: bool = False


class StorageFullError(StorageError):
    """No room: disk, inodes, quota or file size limit. Nothing was kept."""


class StoreUnavailableError(StorageError):
    """The store did not answer, or said that it failed: applied or not, try again."""

    temporary = True


class StoreRefusedError(StorageError):
    """The store answers, and refuses us: credentials, rights, bucket, clock, certificate."""


class StoreUnsuitableError(StorageError):
    """The store does not do what every document depends on, such as checking checksums."""


class StoreDamagedError(StorageError):
    """A kept part is missing, shorter or longer than when it was acknowledged."""


class NoSuchObjectError(StorageError):
    """Neither an upload nor an object of this key, or not in the state the call needs."""


class ChecksumMismatchError(StorageError):
    """The bytes received are not those that the checksum names: send them again."""


class PartsMissingError(StorageError):
    """Some listed parts are absent or differ from what is listed."""

    def __init__(self, *, missing: Sequence[int]) -> None:
        """Keep the numbers of the parts to put (again)."""
        super().__init__("parts are missing or differ")
        self.missing = tuple(missing)


class ObjectDiffersError(StorageError):
    """The object is complete already, made of other parts than those listed."""


class PartDiffersError(StorageError):
    """A part of this number is kept with another checksum, or may be on its way."""


class NotDeletedError(StorageError):
    """Something of the object remains. Deleting again is always allowed."""

    temporary = True

    def __init__(self, *, failures: Sequence[Exception]) -> None:
        """Keep every failure: one that is dropped is a deletion nobody misses."""
        super().__init__("a deletion is not complete")
        self.failures = tuple(failures)


class DumpRefusedError(StorageError):
    """A file of a dump is missing, changed or cut short, or its rows don't fit the tables."""


class DatabaseError(StorageError):
    """The database did not do what it was told; the unit of work left nothing."""


class DatabaseBusyError(DatabaseError):
    """Others held what the unit needs for too long, or kept undoing it: try again."""

    temporary = True


class DatabaseInUseError(DatabaseError):
    """Somebody fills the database and must be alone, or is to and is not: wait for the end."""

    temporary = True


class RowRefusedError(DatabaseError):
    """A row breaks a constraint of the schema, or a value does not fit its column."""


class DatabaseUnavailableError(DatabaseError):
    """The server can't be reached, or went away. If while committing: applied or not."""

    temporary = True


class DatabaseUnsuitableError(DatabaseError):
    """The server loses rows by its configuration, or is too old. For the operator."""


class DatabaseNewerError(DatabaseError):
    """The database was made by a newer version of the service than this one."""
