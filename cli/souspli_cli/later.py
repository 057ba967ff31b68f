"""``python -m souspli_cli.later FILE VERB …``: a verb whose clock is ahead of the machine's.

FILE holds by how many seconds, and may be changed while the program runs: that is how
`souspli demo --days` and tests let a month pass. Not a verb, and of no use to a service
that anybody relies on.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run the verb; give its exit code."""
    from souspli_cli import clock  # noqa: PLC0415  (as `__main__` does: nothing before it is needed)
    from souspli_cli.run import run  # noqa: PLC0415

    ahead = Path(arguments[0])
    clock.use(lambda: time.time() + float(ahead.read_text(encoding="ascii")))
    return run(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
