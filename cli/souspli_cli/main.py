"""The program ``souspli``: finds the verb, runs it, turns every end into an exit code.

Wiring, no logic. Verbs are imported when they are called: click costs 50 ms, an
HTTP client 270 ms, and ``souspli --version`` must answer before either.
"""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

# The package's own, said again: asking importlib.metadata costs three times what all
# the rest of `--version` does. A test compares the two.
VERSION = "0.1.0"


# Modules make thousands of objects that stay for good. Looking for garbage among them
# every 700 takes a tenth of a small command's time; every 50,000 nobody notices, and a
# service that runs on holds some megabytes more.
OBJECTS_BETWEEN_COLLECTIONS = 50_000


def main() -> None:
    """Run the command line and leave with its exit code (docs/cli.md)."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"souspli {VERSION}")  # noqa: T201  (the result)
        sys.exit(0)
    from souspli_cli.run import run  # noqa: PLC0415  (--version answers before click is there)

    code = run(arguments)
    # On its way out Python looks through everything once more for garbage: a tenth of a
    # small command's time, for memory that the system takes back in any case.
    gc.freeze()
    sys.exit(code)


def command_line() -> click.Group:
    """Give the verbs and their options, for whoever reads them instead of running them."""
    from souspli_cli.run import command_line as verbs  # noqa: PLC0415  (as above)

    return verbs()
