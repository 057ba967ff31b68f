"""Deliberate bugs: services that break one promise of docs/specs/mailbox.md §1 each.

A suite that has never seen a fault proves nothing. Each of these has to be found, by
the property that it breaks (tests/crash/test_deliberate_bugs.py).
"""

from __future__ import annotations

import asyncio
import threading
import time
from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# Long enough that whoever is told first is told, and the kill comes, before it is done.
LATE_SECONDS: Final = 3


@unique
class Bug(Enum):
    """What a service does wrong."""

    PARTS_LATER = "a part is acknowledged first and written then"
    ROW_FIRST = "the row says stored before the object is complete"
    ANSWER_FIRST = "the sender is told before the transaction is committed"
    TOLD_FIRST = "the job is done before the relay has the mail"
    TOLD_AGAIN = "a mail that may have been sent is sent until it is certain"
    NO_TOMBSTONE = "what is deleted is written down nowhere"
    ORPHANS_STAY = "what no row knows is left in the store"

    def __str__(self) -> str:
        return str(self.value)

    def install(self) -> None:
        """Make this process that service."""
        _INSTALL[self]()


def _parts_later() -> None:
    for store in _stores():
        store.put_part = _later(store.put_part)


def _row_first() -> None:
    for store in _stores():
        store.complete = _later(store.complete)


def _stores() -> tuple[Any, ...]:
    from souspli_storage.disk import DiskBlobs  # noqa: PLC0415  (a client doesn't load it)
    from souspli_storage.s3 import S3Blobs  # noqa: PLC0415  (the same)

    return DiskBlobs, S3Blobs


def _later(original: Callable[..., None]) -> Callable[..., None]:
    def method(*args: Any, **kwargs: Any) -> None:
        def do() -> None:
            time.sleep(LATE_SECONDS)
            original(*args, **kwargs)

        threading.Thread(target=do, daemon=True).start()

    return method


def _answer_first() -> None:
    from crash.in_service import name_of  # noqa: PLC0415  (it imports this module)

    from souspli_mailbox.records.completion import DeliveryMade  # noqa: PLC0415  (as above)
    from souspli_storage.database import Database  # noqa: PLC0415  (as above)

    write = Database.write
    waiting: set[asyncio.Task[None]] = set()

    async def write_later(
        self: Database, unit: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        if name_of(unit) != "complete_deposit":
            return await write(self, unit, *args, **kwargs)

        async def do() -> None:
            await asyncio.sleep(LATE_SECONDS)
            await write(self, unit, *args, **kwargs)

        waiting.add(asyncio.create_task(do()))
        return tuple(
            DeliveryMade(
                delivery_id=cover.delivery_id,
                invitation_id=cover.invitation_id,
                letter_ends_at=None,
            )
            for cover in kwargs["covers"]
        )

    Database.write = write_later  # type: ignore[method-assign]


def _told_first() -> None:
    from souspli_mailbox.notify import SmtpRelay  # noqa: PLC0415  (as above)

    send = SmtpRelay.send
    waiting: set[asyncio.Task[None]] = set()

    async def send_later(self: SmtpRelay, message: Any, **kwargs: Any) -> None:
        async def do() -> None:
            await asyncio.sleep(LATE_SECONDS)
            await send(self, message, **kwargs)

        waiting.add(asyncio.create_task(do()))

    SmtpRelay.send = send_later  # type: ignore[method-assign]


def _told_again() -> None:
    from souspli_mailbox.notify import SmtpRelay  # noqa: PLC0415  (as above)

    send = SmtpRelay.send

    async def send_often(self: SmtpRelay, message: Any, **kwargs: Any) -> None:
        for _ in range(3):
            await send(self, message, **kwargs)

    SmtpRelay.send = send_often  # type: ignore[method-assign]


def _orphans_stay() -> None:
    from souspli_mailbox import sweep  # noqa: PLC0415  (as above)

    sweep.condemn_orphans = lambda *_args, **_kwargs: 0  # type: ignore[attr-defined]


def _no_tombstone() -> None:
    from souspli_mailbox.tombstones import Tombstones  # noqa: PLC0415  (as above)

    Tombstones.write = lambda *_args, **_kwargs: None  # type: ignore[method-assign]


_INSTALL: Final[dict[Bug, Callable[[], None]]] = {
    Bug.PARTS_LATER: _parts_later,
    Bug.ROW_FIRST: _row_first,
    Bug.ANSWER_FIRST: _answer_first,
    Bug.TOLD_FIRST: _told_first,
    Bug.TOLD_AGAIN: _told_again,
    Bug.NO_TOMBSTONE: _no_tombstone,
    Bug.ORPHANS_STAY: _orphans_stay,
}
