"""Cold start of commands beside an empty Python."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measure import Measured, side_by_side


def run(*arguments: str) -> None:
    """Run Python with these arguments to its end."""
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)  # noqa: S603  (ours)


def measure() -> list[Measured]:
    """`souspli --version` and `souspli send --help`."""
    return [
        side_by_side(
            f"cold start of `souspli {' '.join(arguments)}`",
            ours=lambda arguments=arguments: run("-m", "souspli_cli", *arguments),
            yardstick="`python -c pass`",
            theirs=lambda: run("-c", "pass"),
        )
        for arguments in (("--version",), ("send", "--help"))
    ]
