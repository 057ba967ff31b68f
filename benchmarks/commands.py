"""Cold start of commands beside an empty Python: what is added counts, in milliseconds."""

from __future__ import annotations

import sys
from functools import partial

from benchmarks.measure import Measured, run, side_by_side
from benchmarks.offline import emptied, random_file
from benchmarks.programs import SOUSPLI, Programs


def measure(programs: Programs) -> list[Measured]:
    """`souspli --version`, `souspli send --help`, `souspli seal` and `open` of a small file."""
    source = random_file(programs.folder, 10_000)
    out, kept = programs.folder / "out", programs.folder / "kept"
    emptied(kept)()
    run(*programs.seal(source, kept / "sealed"))
    lines = {
        "`souspli --version` (target: 60 ms more)": (SOUSPLI, "--version"),
        "`souspli seal` of 10 kB (target: 150 ms more)": programs.seal(source, out / "sealed"),
        "`souspli open` of 10 kB": programs.open(kept / "sealed", out / "opened"),
        "`souspli send --help`": (SOUSPLI, "send", "--help"),
    }
    return [
        side_by_side(
            f"cold start: {what}",
            ours=partial(run, *line),
            yardstick="`python -c pass`",
            theirs=partial(run, sys.executable, "-c", "pass"),
            tidy=emptied(out),
        )
        for what, line in lines.items()
    ]
