"""SQL statements are compiled once for all databases that a test process opens.

An engine keeps what it has compiled. A service has one engine for its life; tests open a
thousand databases, and compiling the same statements anew for each was a quarter of their
time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine, event

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Several times what all tests say.
MOST: Final = 10_000


class _Compiled(dict[Any, Any]):
    """By the statement and the kind of its dialect; SQLAlchemy's keys begin with the object."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(self._of_kind(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        if len(self) > MOST:
            self.clear()
        super().__setitem__(self._of_kind(key), compiled)

    @staticmethod
    def _of_kind(key: tuple[Any, ...]) -> tuple[Any, ...]:
        dialect, *rest = key
        return dialect.name, dialect.driver, dialect.server_version_info, *rest


COMPILED: Final = _Compiled()


def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=COMPILED)


def install() -> None:
    """Have every connection of this process use what any other has compiled."""
    if not event.contains(Engine, "engine_connect", _share):
        event.listen(Engine, "engine_connect", _share)
