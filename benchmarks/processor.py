"""Processor time of whole programs: what can be measured while others use the machine."""

from __future__ import annotations

import sys
from functools import partial

from benchmarks.measure import Measured, processor_time, run, side_by_side
from benchmarks.offline import LARGE, emptied, random_file
from benchmarks.programs import SOUSPLI, Programs


def measure(programs: Programs) -> list[Measured]:
    """Starting, sealing and opening: 10 kB beside an empty Python, 256 MiB beside `age`."""
    out, kept = programs.folder / "out", programs.folder / "kept"
    empty = (sys.executable, "-c", "pass")
    small, large = (random_file(programs.folder, size) for size in (10_000, LARGE))
    emptied(kept)()
    for source in (small, large):
        run(*programs.seal(source, kept / source.stem))
    lines = [
        ("`souspli --version`", (SOUSPLI, "--version"), "`python -c pass`", empty),
        ("`souspli seal` 10 kB", programs.seal(small, out / "ours"), "`python -c pass`", empty),
        (
            "`souspli open` 10 kB",
            programs.open(kept / small.stem, out / "ours"),
            "`python -c pass`",
            empty,
        ),
    ]
    for age in programs.age[:1]:
        sealed = kept / "other.age"
        run(*age.seal(large, sealed))
        lines += [
            (
                "`souspli seal` 256 MiB",
                programs.seal(large, out / "ours"),
                f"{age.says}: encrypt",
                age.seal(large, out / "other"),
            ),
            (
                "`souspli open` 256 MiB",
                programs.open(kept / large.stem, out / "ours"),
                f"{age.says}: decrypt",
                age.open(sealed, out / "other"),
            ),
        ]
    return [
        side_by_side(
            f"processor time: {what}",
            ours=partial(run, *ours),
            yardstick=yardstick,
            theirs=partial(run, *theirs),
            tidy=emptied(out),
            clock=processor_time,
        )
        for what, ours, yardstick, theirs in lines
    ]
