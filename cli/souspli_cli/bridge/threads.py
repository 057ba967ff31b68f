"""A loop in a thread of its own, beside the one that answers the laboratory."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


def in_thread(name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Future[None]:
    """Run something in a loop of its own; give what tells the calling loop how it ended.

    Nobody waits for the thread at the program's end: whoever started it does.
    """
    done: concurrent.futures.Future[None] = concurrent.futures.Future()

    def in_loop() -> None:
        try:
            asyncio.run(run())
        except BaseException as failure:  # noqa: BLE001  (it is raised by whoever awaits)
            done.set_exception(failure)
        else:
            done.set_result(None)

    threading.Thread(target=in_loop, name=name, daemon=True).start()
    return asyncio.wrap_future(done)
