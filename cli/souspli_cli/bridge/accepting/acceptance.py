"""Accepting a mail: read, sealed, durable; then, and only then, an id.

docs/specs/bridge.md §1 and §4. What a crash leaves stands beside each step.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from souspli_cli.bridge.accepting.submission import Moment
from souspli_cli.bridge.errors import ReaderEndedError
from souspli_cli.bridge.spool import new_queue_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from souspli_cli.bridge.accepting.folder_sync import FolderSync
    from souspli_cli.bridge.accepting.mail_readers import MailReaders
    from souspli_cli.bridge.accepting.recording import Recorder
    from souspli_cli.bridge.accepting.spool_room import SpoolRoom
    from souspli_cli.bridge.accepting.submission import Submission
    from souspli_cli.bridge.digests import Digests
    from souspli_cli.bridge.ledger_rows import AcceptedMail
    from souspli_cli.bridge.spool import MailSpool


class Acceptance:
    """Takes mails, each once; used from one loop."""

    def __init__(
        self,
        readers: MailReaders,
        spool: MailSpool,
        *,
        room: SpoolRoom,
        digests: Digests,
        sync: FolderSync,
        recorder: Recorder,
        executor: Executor,
        clock: Callable[[], float],
    ) -> None:
        """`executor`: in which mails wait for a reader, and for the disk, side by side."""
        self._readers = readers
        self._spool = spool
        self._room = room
        self._digests = digests
        self._sync = sync
        self._recorder = recorder
        self._executor = executor
        self._clock = clock
        self._under_way: dict[bytes, asyncio.Task[str]] = {}
        self._order = 0

    async def accept(self, submission: Submission) -> str:
        """Return the mail's queue id once it is durable, or raise and keep nothing of it.

        Goes on to its end even if the caller is cancelled: a client that hangs up after
        the dot repeats, and must find either all of its mail or nothing. Raises
        IntakeError, OSError, StorageError.
        """
        repeat = self._digests.repeat(submission.account, submission.recipients, submission.content)
        task = self._under_way.get(repeat)
        if task is None:
            task = asyncio.create_task(self._accept(submission, repeat))
            self._under_way[repeat] = task
            task.add_done_callback(lambda done: self._ended(repeat, done))
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for all mails under way."""
        if self._under_way:
            await asyncio.wait(self._under_way.values())

    def _ended(self, repeat: bytes, task: asyncio.Task[str]) -> None:
        del self._under_way[repeat]
        if not task.cancelled():
            task.exception()  # looked at: whoever waited has it, or has gone

    def _next_moment(self) -> Moment:
        """Give a later one each time, wherever the clock goes: whoever was answered is first."""
        now = self._clock()
        self._order = max(self._order + 1, int(now * 1_000_000))
        return Moment(int(now), self._order)

    async def _accept(self, submission: Submission, repeat: bytes) -> str:
        # Before the ledger is asked: a mail is always in one of the two.
        known = self._recorder.waiting(repeat)
        if known is not None:
            return known
        loop = asyncio.get_running_loop()
        moment = self._next_moment()
        kept = await loop.run_in_executor(self._executor, self._keep, submission, repeat, moment)
        if isinstance(kept, str):
            return kept
        try:
            await self._sync.sync()
        except OSError:
            # The client is told that nothing was kept, so nothing may be sent.
            self._spool.remove(kept.queue_id)
            raise
        # A crash from here on leaves the mail, and the ledger is completed from it. So
        # the 250 need not wait for the ledger's own fsync.
        self._recorder.add(kept)
        return kept.queue_id

    def _keep(self, submission: Submission, repeat: bytes, moment: Moment) -> AcceptedMail | str:
        """Have a mail in the spool, its content durable; or give the id that it has already.

        All that blocks, in one of the executor's threads.
        """
        known = self._recorder.recorded(repeat)
        if known is not None:
            return known
        queue_id = new_queue_id()
        # A crash before the rename in `finish` leaves a file that the next start removes;
        # after it, the mail. As long as no 250 was said, either is right.
        with self._room.held(len(submission.content)):
            try:
                kept = self._readers.keep(submission, queue_id, repeat, moment)
            except ReaderEndedError:
                self._spool.discard(queue_id)
                raise
            self._spool.finish(queue_id)
        return kept
