"""Accepting a mail: read, sealed, durable; then, and only then, an id.

docs/specs/bridge.md §1 and §4. What a crash leaves stands beside each step.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from souspli_cli.bridge.ledger import AcceptedDocument, AcceptedMail
from souspli_cli.bridge.sealing import seal_mail
from souspli_cli.bridge.slip import MailSlip
from souspli_cli.bridge.spool import MailSpool, new_queue_id
from souspli_keys.canonical import check_text
from souspli_keys.errors import CanonicalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from souspli_cli.bridge.digests import Digests
    from souspli_cli.bridge.folder_sync import FolderSync
    from souspli_cli.bridge.recording import Recorder
    from souspli_cli.bridge.slip import DocumentSlip
    from souspli_cli.bridge.submission import Reader, Submission

# RFC 5322 §2.1.1: a line of 998 characters.
_MOST_MESSAGE_ID: int = 998


@dataclass(frozen=True)
class Keeping:
    """Reads, seals and writes one mail; in any thread or process."""

    folder: Path
    secret: bytes = field(repr=False)
    digests: Digests
    reader: Reader

    def keep(self, submission: Submission, queue_id: str, repeat: bytes, now: int) -> AcceptedMail:
        """Have the mail in the spool, whole, under a name that is not durable yet.

        Raises IntakeError, OSError, and whatever the reader should not have raised;
        then nothing of the mail is anywhere.
        """
        mail = self.reader(submission.content)
        documents = seal_mail(mail, now=now)
        slip = MailSlip(
            queue_id=queue_id,
            account=submission.account,
            mail_from=submission.mail_from,
            recipients=submission.recipients,
            message_id=_usable(mail.message_id),
            received_at=now,
            repeat=repeat.hex(),
            documents=len(documents),
        )
        MailSpool(self.folder, self.secret).write(slip, documents)
        return accepted_mail(slip, [document.slip for document in documents], self.digests)


class Acceptance:
    """Takes mails, each once; used from one loop."""

    def __init__(
        self,
        keeping: Keeping,
        *,
        sync: FolderSync,
        recorder: Recorder,
        executor: Executor,
        clock: Callable[[], float],
    ) -> None:
        self._keeping = keeping
        self._spool = MailSpool(keeping.folder, keeping.secret)
        self._sync = sync
        self._recorder = recorder
        self._executor = executor
        self._clock = clock
        self._under_way: dict[bytes, asyncio.Task[str]] = {}

    async def accept(self, submission: Submission) -> str:
        """Return the mail's queue id once it is durable, or raise and keep nothing of it.

        Goes on to its end even if the caller is cancelled: a client that hangs up after
        the dot repeats, and must find either all of its mail or nothing. Raises
        IntakeError, OSError, StorageError.
        """
        repeat = self._keeping.digests.repeat(
            submission.account, submission.recipients, submission.content
        )
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

    async def _accept(self, submission: Submission, repeat: bytes) -> str:
        known = await self._recorder.repeated(repeat)
        if known is not None:
            return known
        queue_id = new_queue_id()
        # A crash before this returns leaves a file of another name, or the mail: as long
        # as no 250 was said, either is right.
        accepted = await asyncio.get_running_loop().run_in_executor(
            self._executor,
            self._keeping.keep,
            submission,
            queue_id,
            repeat,
            int(self._clock()),
        )
        try:
            await self._sync.sync()
        except OSError:
            # The client is told that nothing was kept, so nothing may be sent.
            self._spool.remove(queue_id)
            raise
        # A crash from here on leaves the mail, and the ledger is completed from it. So
        # the 250 need not wait for the ledger's own fsync.
        self._recorder.add(accepted)
        return queue_id


def accepted_mail(
    slip: MailSlip, documents: Sequence[DocumentSlip], digests: Digests
) -> AcceptedMail:
    """Give what the ledger records of a mail in the spool."""
    return AcceptedMail(
        queue_id=slip.queue_id,
        repeat=bytes.fromhex(slip.repeat),
        account=slip.account,
        received_at=slip.received_at,
        documents=tuple(
            AcceptedDocument(
                document.document_id,
                None if document.report_id is None else digests.report(document.report_id),
            )
            for document in documents
        ),
    )


def _usable(message_id: str | None) -> str | None:
    """Give a Message-ID that a slip may hold; it is for notices alone."""
    if message_id is None or len(message_id) > _MOST_MESSAGE_ID:
        return None
    try:
        return check_text(message_id)
    except CanonicalError:
        return None
