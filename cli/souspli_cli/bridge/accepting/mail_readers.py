"""The processes in which mails are read and sealed, several side by side.

Python runs one thread at a time: in a process of its own, what reads a mail never delays
what answers another. And a mail that takes its reader along, or needs too much of it, takes
no other mail along.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import socket
import struct
from typing import TYPE_CHECKING, Final, Self

import structlog

from souspli_cli.bridge.accepting.reader_process import read_mails
from souspli_cli.bridge.errors import ReaderEndedError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from types import TracebackType

    from souspli_cli.bridge.accepting.keeping import Keeping
    from souspli_cli.bridge.accepting.reader_process import Answer
    from souspli_cli.bridge.accepting.submission import Moment, Submission
    from souspli_cli.bridge.ledger_rows import AcceptedMail

# 64 MiB take some seconds, and wait for others; a client waits ten minutes for the answer
# to its dot (RFC 5321 §4.5.3.2.6).
LONGEST_SECONDS: Final = 180.0
# To end by itself, which takes milliseconds.
_END_SECONDS: Final = 5.0

_log: Final = structlog.get_logger()


class MailReaders:
    """A context. Blocking calls, from any thread; processes start at once.

    They end with the thread that starts them, however it ends, and so with the bridge.
    """

    def __init__(
        self, keeping: Keeping, *, processes: int, longest_seconds: float = LONGEST_SECONDS
    ) -> None:
        """With no `processes`, the calling threads read."""
        self._keeping = keeping
        self._processes = processes
        self._longest_seconds = longest_seconds
        self._idle: queue.SimpleQueue[_Reader] = queue.SimpleQueue()

    def keep(
        self, submission: Submission, queue_id: str, repeat: bytes, moment: Moment
    ) -> AcceptedMail:
        """Do what `Keeping.keep` does; waits while all processes are at work. Raises the same.

        ReaderEndedError if the process died of this mail, or took longer than any mail
        takes: an unfinished file may be left, as after a crash. OSError if no other process
        can be started.
        """
        if not self._processes:
            return self._keeping.keep(submission, queue_id, repeat, moment)
        mail = (submission, queue_id, repeat, moment)
        reader = self._idle.get()
        try:
            # Killed or stopped by somebody while it waited: no mail's fault.
            if not reader.give(mail):
                reader = self._instead_of(reader)
                if not reader.give(mail):
                    raise ReaderEndedError("a reader that did not begin")
            kept, failure = reader.hear()
        except ReaderEndedError:
            _log.error("bridge-reader-died")
            # Now, and not for the next mail, which would wait for it.
            with contextlib.suppress(OSError):
                reader = self._instead_of(reader)
            raise
        finally:
            self._idle.put(reader)
        if kept is None:
            raise failure or ReaderEndedError("a reader said nothing")
        return kept

    def __enter__(self) -> Self:
        for _ in range(self._processes):
            self._idle.put(_Reader(self._keeping, self._longest_seconds))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().end(wait_seconds=_END_SECONDS)

    def _instead_of(self, reader: _Reader) -> _Reader:
        reader.end(wait_seconds=0.0)
        return _Reader(self._keeping, self._longest_seconds)


class _Reader:
    """One process, and the line to it."""

    def __init__(self, keeping: Keeping, longest_seconds: float) -> None:
        self._longest_seconds = longest_seconds
        # Not forked: threads and their locks would be copied in whatever state they are.
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        _never_wait_longer(self._line, longest_seconds)
        self._process = context.Process(
            target=read_mails,
            args=(theirs, keeping, os.getpid()),
            name="bridge-reader",
            daemon=True,
        )
        try:
            self._process.start()
        except BaseException:
            self._line.close()
            raise
        finally:
            theirs.close()

    def give(self, mail: tuple[Submission, str, bytes, Moment]) -> bool:
        """Hand over a mail; False if nobody has begun with it, or takes it to its end."""
        try:
            self._line.send(mail)
        except OSError:
            return False
        return True

    def hear(self) -> Answer:
        """Give what became of the mail; raises ReaderEndedError."""
        try:
            if not self._line.poll(self._longest_seconds):
                raise ReaderEndedError("a mail that takes longer than any mail")
            answer: Answer = self._line.recv()
        except (EOFError, OSError):
            raise ReaderEndedError("a mail whose reader died") from None
        return answer

    def end(self, *, wait_seconds: float) -> None:
        """End it: by itself, if it does so within some seconds."""
        self._line.close()
        self._process.join(wait_seconds)
        self._process.kill()
        self._process.join()


def _never_wait_longer(line: Connection, seconds: float) -> None:
    """Have the system end a wait for a process that neither takes nor says anything.

    `poll` has a limit; what a large mail is handed over with has none: the system holds
    some 200 kB for a reader that is stopped, and then whoever writes.
    """
    whole = int(seconds)
    timeval = struct.pack("@ll", whole, int((seconds - whole) * 1_000_000))
    with socket.socket(fileno=os.dup(line.fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval)
        same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)
