"""Requests' calls to the store: in threads of their own, and for a limited time.

Of their own, so that a store that is slow or hangs takes neither the database's threads
nor those of everything else: sign-in, directory and states go on. For a limited time,
so that whoever waits is told to come back. A thread can't be interrupted: the call goes
on behind it, and every call of a store may be repeated (`BlobStore`).
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from souspli_storage.errors import StoreUnavailableError

P = ParamSpec("P")
T = TypeVar("T")


class StoreCalls:
    """`await calls(function, …)` runs a blocking function that asks the store."""

    def __init__(self, *, at_once: int, seconds: float) -> None:
        """`at_once`: threads; further calls wait their turn, within the same `seconds`."""
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="store")
        self._seconds = seconds

    async def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the call returns, raise what it raises.

        Raises StoreUnavailableError when the time is up: applied or not, nobody knows.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                return await loop.run_in_executor(
                    self._threads, functools.partial(call, *args, **kwargs)
                )
        except TimeoutError:
            raise StoreUnavailableError("the store did not answer in time") from None

    def close(self) -> None:
        """Begin no further call; wait for none, since one of them may hang for ever."""
        self._threads.shutdown(wait=False, cancel_futures=True)
