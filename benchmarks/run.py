"""``make bench``: measures everything and writes docs/performance.md's table and picture.

With names of parts (``make bench PARTS="commands small"``) only these are measured and
printed, and nothing is written.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import commands, limits, memory, offline, processor, sealing
from benchmarks.measure import Measured
from benchmarks.offline import MIB
from benchmarks.page import put, where_and_when
from benchmarks.programs import Programs

PLOTTED_SIZES = [1024, MIB, 16 * MIB, 256 * MIB, 1024 * MIB]
HEAD = (
    "| what | ours: median (min–max, rate) | beside | theirs: median (min–max, rate) "
    "| ratio | min | max | target |\n|---|---|---|---|---|---|---|---|"
)

PARTS: dict[str, Callable[[Programs], list[Measured]]] = {
    "offline": offline.measure,
    "warm": sealing.measure_large,
    "small": sealing.measure_small,
    "commands": commands.measure,
    "processor": processor.measure,
    "browser": lambda _: _browser(),
}


def _browser() -> list[Measured]:
    from benchmarks import browser  # noqa: PLC0415  (the other parts need no Chromium)

    return browser.measure()


def main() -> None:
    """Measure, print, and put everything between its marks."""
    chosen = sys.argv[1:] or list(PARTS)
    # Above one tenth of the cores, times say more about others than about us.
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="souspli-bench-") as folder:
        programs = Programs(Path(folder))
        rows: list[str] = []
        for name in chosen:
            tell(f"{name} …")
            for measured in PARTS[name](programs):
                rows.append(measured.row())
                tell(rows[-1])
        if sys.argv[1:]:
            return
        tell("memory …")
        peaks = memory.measure(programs)
        tell("by size …")
        times = offline.by_size(programs, PLOTTED_SIZES)
        tell("limits …")
        lines = limits.measure(programs.folder)
    from benchmarks.plot import draw  # noqa: PLC0415  (a part alone needs no matplotlib)

    draw(PLOTTED_SIZES, times, peaks)
    table = "\n".join(
        [
            f"{where_and_when()}, load before: {load:.1f}:",
            "",
            HEAD,
            *rows,
            "",
            "What this machine can do at all:",
            "",
            *(f"- {line}" for line in lines),
            "",
            "Memory at most (resident, whole process), one run each, every byte compared:",
            "",
            "| size | `souspli seal` | `souspli open` | `age`, encrypting |",
            "|---|---|---|---|",
            *(peak.row() for peak in peaks),
            "",
        ]
    )
    put("programs", table)


def tell(line: str) -> None:
    """Say how far it is, and what was found."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201  (the result)


if __name__ == "__main__":
    main()
