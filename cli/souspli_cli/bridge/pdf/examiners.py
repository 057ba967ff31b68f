"""A few processes that look into PDFs, each used for many, and replaced when one dies.

A PDF goes through a pipe, from memory to memory. Whatever it does to the process that
reads it, here it is one word: `pdf_unreadable`.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Self

import msgspec
import structlog

from souspli_cli.bridge.pdf import words as pdf_words
from souspli_cli.bridge.pdf.process import CPU_SECONDS, LENGTH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

# Of the clock on the wall, as a last resort: on a busy machine the process gets a part of
# its seconds (`pdf_process.CPU_SECONDS`).
LONGEST_SECONDS: Final = 6.0 * CPU_SECONDS
# Of one mail, beyond what any usual PDF takes, before nobody looks into the rest of it: a
# mail may hold hundreds that take ten seconds each, and others wait for their turn.
USUAL_SECONDS: Final = 1.0
MOST_SECONDS_OF_ONE_MAIL: Final = LONGEST_SECONDS
# Mails of which that is remembered.
_MOST_MAILS: Final = 1_000
# What pypdf forgets to let go is let go by the system.
MOST_OF_ONE_PROCESS: Final = 1_000
_MOST_LINE_BYTES: Final = 4_096

_log: Final = structlog.get_logger()


class Examined(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known of one PDF."""

    findings: frozenset[str]
    pages: int | None


NOT_EXAMINED: Final = Examined(findings=frozenset({pdf_words.NOT_EXAMINED}), pages=None)
UNREADABLE: Final = Examined(findings=frozenset({pdf_words.UNREADABLE}), pages=None)


class PdfExaminers:
    """A context. Blocking calls, from any thread; processes start when the first PDF comes."""

    def __init__(self, most: int, *, longest_seconds: float = LONGEST_SECONDS) -> None:
        """`most`: processes at once; none: nothing is examined."""
        self.most = most
        self._longest_seconds = longest_seconds
        self._free = threading.BoundedSemaphore(max(1, most))
        self._idle: queue.LifoQueue[_Examiner] = queue.LifoQueue()
        self._spent: OrderedDict[str, dict[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def examine_all(
        self, pdfs: Iterable[bytes | bytearray], *, mail: str, number: int
    ) -> frozenset[str]:
        """Say what is in all PDFs of one document, by its mail and number, as `examine` does.

        Once the mail's PDFs have taken too long, the rest is not opened, and unreadable.
        """
        found = frozenset[str]()
        spent = 0.0
        for pdf in pdfs:
            if not self._may_go_on(mail, number, spent):
                _log.warning("bridge-pdf-examiners-kept-too-long")
                return found | UNREADABLE.findings
            examined, seconds = self._timed(pdf)
            found |= examined.findings
            spent += max(0.0, seconds - USUAL_SECONDS)
        self._may_go_on(mail, number, spent)
        return found

    def _may_go_on(self, mail: str, number: int, spent: float) -> bool:
        """Remember what a document has taken in this try, and say whether its mail may more."""
        with self._lock:
            documents = self._spent.setdefault(mail, {})
            self._spent.move_to_end(mail)
            while len(self._spent) > _MOST_MAILS:
                self._spent.popitem(last=False)
            documents[number] = spent
            return sum(documents.values()) < MOST_SECONDS_OF_ONE_MAIL

    def examine(self, content: bytes | bytearray) -> Examined:
        """Look into a PDF; waits while all processes are at work. Never raises for what is in it.

        Raises OSError if no process can be started.
        """
        return self._timed(content)[0]

    def _timed(self, content: bytes | bytearray) -> tuple[Examined, float]:
        """Give also how many seconds it took, once it was its turn."""
        if not self.most:
            return NOT_EXAMINED, 0.0
        with self._free:
            began = time.monotonic()
            examiner = self._take()
            found = examiner.examine(content, self._longest_seconds)
            if found is None:
                _log.warning("bridge-pdf-examiner-died")
                examiner.end()
                found = UNREADABLE
            elif examiner.served < MOST_OF_ONE_PROCESS:
                self._idle.put(examiner)
            else:
                examiner.end()
            return found, time.monotonic() - began

    def _take(self) -> _Examiner:
        with contextlib.suppress(queue.Empty):
            while True:
                examiner = self._idle.get_nowait()
                if examiner.is_alive:
                    return examiner
                examiner.end()  # killed by somebody while it waited: no PDF's fault
        return _Examiner()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().end()


class _Examiner:
    """One process."""

    def __init__(self) -> None:
        self.served = 0
        # -P: modules come from where ours come from, never from the current folder.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "souspli_cli.bridge.pdf.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def examine(self, content: bytes | bytearray, seconds: float) -> Examined | None:
        """Give what the process says; None if it died or hung on this one."""
        self.served += 1
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("not a process of ours")
        # Killed, it closes both pipes, whichever of them we wait for.
        limit = threading.Timer(seconds, self._process.kill)
        limit.start()
        try:
            stdin.write(len(content).to_bytes(LENGTH_BYTES, "big"))
            stdin.write(content)
            stdin.flush()
            return msgspec.json.decode(stdout.readline(_MOST_LINE_BYTES), type=Examined)
        except (OSError, ValueError):  # of which msgspec's own are some
            return None
        finally:
            limit.cancel()

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()
