"""What disk and store can do with the same bytes and nobody in between."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.series import Timed


def fsyncs(folder: Path, count: int) -> Timed:
    """Append a page to one file and make it durable, `count` times: a commit's least."""
    path = folder / "fsync"
    seconds: list[float] = []
    with path.open("ab", buffering=0) as file:
        for _ in range(count):
            began = time.perf_counter()
            file.write(bytes(4_096))
            os.fsync(file.fileno())
            seconds.append(time.perf_counter() - began)
    path.unlink()
    return Timed(count / sum(seconds), tuple(seconds))


def durable_file(folder: Path) -> Callable[[bytes], None]:
    """Return what writes bytes to a new file and makes them and their name durable."""

    def put(data: bytes) -> None:
        descriptor = os.open(folder / secrets.token_hex(16), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        above = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(above)
        finally:
            os.close(above)

    return put


def many(put: Callable[[bytes], None], data: bytes, *, connections: int, count: int) -> Timed:
    """Put the same bytes `count` times in so many threads."""

    def timed(_: int) -> float:
        began = time.perf_counter()
        put(data)
        return time.perf_counter() - began

    with ThreadPoolExecutor(connections) as threads:
        began = time.perf_counter()
        seconds = tuple(threads.map(timed, range(count)))
        return Timed(count / (time.perf_counter() - began), seconds)
