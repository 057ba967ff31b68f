"""What PostgreSQL says, in the errors of this package, and after what a unit is run again.

By SQLSTATE (PostgreSQL's manual, appendix A), never by text: texts come in the server's
language, and quote the values of rows.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from sqlalchemy import exc

from souspli_storage.errors import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseUnavailableError,
    RowRefusedError,
    StorageFullError,
)

SERIALIZATION_FAILURE: Final = "40001"
DEADLOCK_DETECTED: Final = "40P01"
UNIQUE_VIOLATION: Final = "23505"
FOREIGN_KEY_VIOLATION: Final = "23503"
DATATYPE_MISMATCH: Final = "42804"
DISK_FULL: Final = "53100"
LOCK_NOT_AVAILABLE: Final = "55P03"
QUERY_CANCELED: Final = "57014"  # by statement_timeout

_CONFLICTS: Final = frozenset({SERIALIZATION_FAILURE, DEADLOCK_DETECTED})
# Which of two units that insert the same key is told of a broken constraint instead of
# a conflict depends on the moment. Run once more, it sees the other's row and answers
# for itself; if it breaks the constraint again, the mistake is its own.
_RACES: Final = frozenset({UNIQUE_VIOLATION, FOREIGN_KEY_VIOLATION})
# Connection trouble, too many connections or too little memory, the operator's
# intervention (stop, restart, cancel, a timeout).
_UNAVAILABLE: Final = ("08", "53", "57")


class Why(Enum):
    """Why an attempt of a unit left nothing, and another one may."""

    CONFLICT = "another unit came between: again, as often as it takes"
    RACE = "another unit inserted the same key: again, once"
    LOST = "the connection went away before COMMIT: again, once"


def translated(error: exc.DBAPIError) -> DatabaseError | StorageFullError:
    """Return the error of this package. Its text holds a SQLSTATE at most."""
    state = _state(error)
    if state == DISK_FULL:
        return StorageFullError("no room for the database")
    if state in _CONFLICTS or state in {LOCK_NOT_AVAILABLE, QUERY_CANCELED}:
        return DatabaseBusyError(f"others hold what the unit needs ({state})")
    # Without a word of the server: the line broke, or the driver itself refused a value.
    silent = state is None and isinstance(error, exc.OperationalError)
    if silent or error.connection_invalidated or (state or "").startswith(_UNAVAILABLE):
        return DatabaseUnavailableError(f"the database can't be reached ({state or 'no answer'})")
    if isinstance(error, exc.IntegrityError):
        return RowRefusedError(f"a constraint of the schema was broken ({state})")
    if isinstance(error, exc.DataError) or state == DATATYPE_MISMATCH:
        return RowRefusedError(f"a value does not fit its column ({state})")
    return DatabaseError(f"the database refused a statement ({state})")


def worth_repeating(error: exc.DBAPIError, *, committing: bool) -> Why | None:
    """Return why the unit should be run again, or None.

    `committing`: COMMIT had been sent. Then a lost connection leaves the outcome open,
    and a second run of a unit that was committed would be one too many.
    """
    state = _state(error)
    if state in _CONFLICTS:
        return Why.CONFLICT
    if state in _RACES:
        return Why.RACE
    if error.connection_invalidated and not committing:
        return Why.LOST
    return None


def _state(error: exc.DBAPIError) -> str | None:
    state = getattr(error.orig, "sqlstate", None)
    return state if isinstance(state, str) else None
