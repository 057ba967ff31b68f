"""A process that reads and seals one mail after the other; its parent is `mail_readers`."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from souspli_cli.bridge.accepting.keeping import Keeping
    from souspli_cli.bridge.ledger_rows import AcceptedMail

    Answer: TypeAlias = tuple[AcceptedMail, None] | tuple[None, Exception]
    """What became of a mail."""

_PARENT_SECONDS: Final = 1.0
_PR_SET_PDEATHSIG: Final = 1  # <linux/prctl.h>


def read_mails(line: Connection, keeping: Keeping, parent: int) -> None:
    """Read what comes until nothing does, or the parent has ended."""
    # Ctrl-C is heard by the parent, which has mails finished first.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    faulthandler.enable()
    _die_with_parent()
    # Where the system can't do it, and for a parent that died before it was asked to.
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    while True:
        try:
            mail = line.recv()
        except EOFError:
            return
        line.send(_answer(keeping, mail))
        # Its plaintext is not kept until the next mail comes.
        del mail


def _answer(keeping: Keeping, mail: tuple[object, ...]) -> Answer:
    try:
        return keeping.keep(*mail), None  # type: ignore[arg-type]  # as the parent sent it
    except Exception as failure:  # noqa: BLE001  (the parent raises it)
        # Without what led to it: frames hold the mail, and can't be sent.
        return None, failure.with_traceback(None)


def _end_with(parent: int) -> None:
    """End soon after a parent that was killed: nobody would ever hear of what is done here."""
    while os.getppid() == parent:
        time.sleep(_PARENT_SECONDS)
    os._exit(1)


def _die_with_parent() -> None:
    """Ask Linux for a SIGKILL at the moment when the parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
