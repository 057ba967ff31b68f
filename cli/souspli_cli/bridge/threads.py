"""A loop in a thread of its own, beside the one that answers the laboratory."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator


@contextlib.contextmanager
def in_thread(
    name: str, run: Callable[[], Coroutine[Any, Any, None]], stop: Callable[[], None]
) -> Generator[None]:
    """Run until the context ends; then `stop`, which may come before there is a loop."""
    thread = threading.Thread(target=lambda: asyncio.run(run()), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join()
