"""``python kill_at.py STEP VERB …``: a verb that kill -9 ends right after one step of its own.

STEP is the name of a file that was written (``enrolment`` for an own copy), or of a
request that was answered.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from souspli_cli import files
from souspli_cli.run import run
from souspli_mailbox.client import MailboxClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def main(step: str, arguments: list[str]) -> int:
    """Run the verb; it should not come to its end."""
    write = files.write_atomically

    def write_atomically(path: Path, content: bytes) -> None:
        write(path, content)
        _die_at(step, path.name.partition("-")[0])

    files.write_atomically = write_atomically
    for name in ("publish_enrolment", "join", "certify"):
        setattr(MailboxClient, name, _then_die(step, name, getattr(MailboxClient, name)))
    return run(arguments)


def _then_die(step: str, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    async def called(*args: Any, **kwargs: Any) -> Any:
        answer = await call(*args, **kwargs)
        _die_at(step, name)
        return answer

    return called


def _die_at(step: str, reached: str) -> None:
    if reached == step:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
