"""What this machine can do at all: printed beside what is measured."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.offline import LARGE, random_file

ROUNDS = 7
FSYNCS = 50


def measure(folder: Path) -> list[str]:
    """One line for each limit."""
    return [_memcpy(), *_openssl(), _sha_instructions(), _fsync(folder), _read(folder)]


def _memcpy() -> str:
    data = bytearray(LARGE)
    out = memoryview(bytearray(LARGE))

    def copy() -> None:
        out[:] = data

    return f"memcpy of 256 MiB: {_rate(_median(copy), LARGE)}"


def _openssl() -> list[str]:
    program = shutil.which("openssl")
    if program is None:
        return ["`openssl speed`: no `openssl` was found"]
    found: list[str] = []
    for name in ("chacha20-poly1305", "sha256"):
        line = [program, "speed", "-seconds", "1", "-bytes", "65536", "-evp", name]
        done = subprocess.run(line, check=True, capture_output=True, encoding="utf-8")  # noqa: S603  (our own line)
        rate = re.findall(r"([\d.]+)k\s*$", done.stdout, re.MULTILINE)[-1]
        found.append(
            f"`openssl speed -bytes 65536 -evp {name}`, one core: {float(rate) / 1e3:.0f} MB/s"
        )
    return found


def _sha_instructions() -> str:
    """SHA-256 takes four to five times as long without them, and is most of the work then."""
    try:
        words = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return "instructions for SHA-256: unknown"
    there = not {"sha_ni", "sha2"}.isdisjoint(words)
    return f"instructions for SHA-256: {'yes' if there else 'no'}"


def _fsync(folder: Path) -> str:
    path = folder / "fsync.bin"
    with path.open("wb") as file:
        began = time.perf_counter()
        for _ in range(FSYNCS):
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
        seconds = time.perf_counter() - began
    path.unlink()
    return f"fsync of one byte: {FSYNCS / seconds:.0f} per second"


def _read(folder: Path) -> str:
    path = random_file(folder, LARGE)
    out = bytearray(8 * 1024 * 1024)

    def read() -> None:
        with path.open("rb", buffering=0) as file:
            while file.readinto(out):
                pass

    return f"reading 256 MiB that the system has in memory: {_rate(_median(read), LARGE)}"


def _median(work: Callable[[], None]) -> float:
    times: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _rate(seconds: float, length: int) -> str:
    return f"{length / seconds / 1e6:.0f} MB/s"
