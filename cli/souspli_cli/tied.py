"""``python -m souspli_cli.tied VERB …``: a verb that ends with whoever started it.

Its standard input is a pipe that nobody writes to. When its other end is closed, by a
`kill -9` as well, the verb is told to end as by SIGTERM: a demo that dies leaves nothing
that listens behind. Not a verb.
"""

from __future__ import annotations

import os
import signal
import sys
import threading


def main(arguments: list[str]) -> int:
    """Run the verb; give its exit code."""
    from souspli_cli.run import run  # noqa: PLC0415  (as `__main__` does: nothing before it is needed)

    threading.Thread(target=_end_with_input, name="tied", daemon=True).start()
    return run(arguments)


def _end_with_input() -> None:
    # Not `sys.stdin.buffer`: a lock of its own would be held at the program's end.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
