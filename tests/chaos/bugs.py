"""Deliberate bugs: bridges that break one promise of docs/specs/bridge.md §1 each.

A run that has never seen a fault proves nothing: each of these has to be found out.
"""

from __future__ import annotations

import asyncio
import os
import time
from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from souspli_cli.addressbook import SentDocument

# Long enough that a kill falls in between, now and then.
LATE_SECONDS: Final = 0.5


@unique
class Bug(Enum):
    """What a bridge does wrong."""

    ANSWER_FIRST = "a mail is answered first and kept then"
    NO_REPEATS = "a mail that comes again is another"
    DELIVERED_FIRST = "the row says delivered before the service has the document"
    OTHER_COVERS = "covers are made anew at each try"
    NEWEST_FIRST = "what came last is sent first"

    def __str__(self) -> str:
        return str(self.value)

    def install(self) -> None:
        """Make this process that bridge."""
        _INSTALL[self]()


def _answer_first() -> None:
    from souspli_cli.bridge.accepting import acceptance as accepting  # noqa: PLC0415  (the driver doesn't load it)
    from souspli_cli.bridge.spool import new_queue_id  # noqa: PLC0415  (as above)

    accept = accepting.Acceptance.accept
    waiting: set[asyncio.Task[str]] = set()

    async def later(self: Any, submission: Any) -> str:
        await asyncio.sleep(LATE_SECONDS)
        return await accept(self, submission)

    async def answered(self: Any, submission: Any) -> str:
        waiting.add(asyncio.create_task(later(self, submission)))
        return new_queue_id()

    accepting.Acceptance.accept = answered  # type: ignore[method-assign]


def _no_repeats() -> None:
    from souspli_cli.bridge.digests import Digests  # noqa: PLC0415  (as above)

    Digests.repeat = lambda *_: os.urandom(32)  # type: ignore[method-assign]


def _delivered_first() -> None:
    from souspli_cli.bridge.ledger_rows import State  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.sending.worker import Worker  # noqa: PLC0415  (as above)

    carry_out = Worker._carry_out

    async def noted(self: Any, row: Any, *, now: int) -> tuple[State, str | None]:
        from souspli_cli.bridge import ledger  # noqa: PLC0415  (as above)

        await self.database.write(ledger.end, row.document_id, State.DELIVERED, None, now=now)
        await asyncio.sleep(LATE_SECONDS / 10)
        return await carry_out(self, row, now=now)

    Worker._carry_out = noted  # type: ignore[method-assign]


def _other_covers() -> None:
    from souspli_cli import outbox  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.sending.document_spool import DocumentSpool  # noqa: PLC0415  (as above)

    DocumentSpool.committed = lambda _: None  # type: ignore[method-assign]
    let_go = outbox._let_go

    def late(*arguments: Any, **more: Any) -> SentDocument:
        # The service has it, and nothing here says so yet.
        time.sleep(LATE_SECONDS / 10)
        return let_go(*arguments, **more)

    outbox._let_go = late


def _newest_first() -> None:
    from souspli_cli.bridge.sending.worker import Worker  # noqa: PLC0415  (as above)

    send_lane = Worker._send_lane

    async def backwards(self: Any, lane: Any) -> None:
        await send_lane(self, lane[::-1])

    Worker._send_lane = backwards  # type: ignore[method-assign]


_INSTALL: Final[dict[Bug, Callable[[], None]]] = {
    Bug.ANSWER_FIRST: _answer_first,
    Bug.NO_REPEATS: _no_repeats,
    Bug.DELIVERED_FIRST: _delivered_first,
    Bug.OTHER_COVERS: _other_covers,
    Bug.NEWEST_FIRST: _newest_first,
}
