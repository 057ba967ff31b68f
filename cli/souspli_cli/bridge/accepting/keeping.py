"""One mail read, sealed and written: what is done where plaintext is, in any process.

docs/specs/bridge.md §1 and §5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from souspli_cli.bridge.accepting.sealing import seal_mail
from souspli_cli.bridge.errors import ProgramRefusedError
from souspli_cli.bridge.ledger_rows import AcceptedDocument, AcceptedMail
from souspli_cli.bridge.policy import Executables
from souspli_cli.bridge.slip import MailSlip, MailSlips
from souspli_cli.intake.values import Finding
from souspli_exchange.manifest import Priority
from souspli_keys.canonical import check_text
from souspli_keys.errors import CanonicalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from souspli_cli.bridge.accepting.submission import Moment, Reader, Submission
    from souspli_cli.bridge.digests import Digests
    from souspli_cli.bridge.slip import DocumentSlip
    from souspli_cli.bridge.spool import MailSpool

_MOST_MESSAGE_ID: Final = 998  # RFC 5322 §2.1.1: a line


@dataclass(frozen=True, repr=False)
class Keeping:
    """Reads, seals and writes one mail after the other. Blocks."""

    spool: MailSpool
    digests: Digests
    reader: Reader
    executables: Executables = Executables.CHECK

    def keep(
        self, submission: Submission, queue_id: str, repeat: bytes, moment: Moment
    ) -> AcceptedMail:
        """Have the mail in the spool, whole, unfinished and not durable (`MailSpool.finish`).

        Raises IntakeError, ProgramRefusedError, OSError, and whatever the reader should not
        have raised; then nothing of the mail is anywhere.
        """
        mail = self.reader(submission.content)
        if self.executables is Executables.REFUSE and any(
            Finding.EXECUTABLE in document.findings for document in mail.documents
        ):
            raise ProgramRefusedError("a mail with a program")
        documents = seal_mail(mail, now=moment.seconds)
        slip = MailSlip(
            queue_id=queue_id,
            account=submission.account,
            mail_from=submission.mail_from,
            recipients=submission.recipients,
            message_id=_usable(mail.message_id),
            date=mail.date,
            is_notice=submission.is_from_nobody or mail.is_reply_of_a_program,
            received_at=moment.seconds,
            order=moment.order,
            repeat=repeat.hex(),
            documents=len(documents),
        )
        self.spool.put(slip, documents)
        slips = MailSlips(slip, tuple(document.slip for document in documents))
        return replace(accepted_mail(slip, slips.documents, self.digests), slips=slips)


def accepted_mail(
    slip: MailSlip, documents: Sequence[DocumentSlip], digests: Digests
) -> AcceptedMail:
    """Give what the ledger records of a mail in the spool."""
    return AcceptedMail(
        queue_id=slip.queue_id,
        repeat=bytes.fromhex(slip.repeat),
        account=slip.account,
        received_at=slip.received_at,
        order=slip.order,
        documents=tuple(
            AcceptedDocument(
                document.document_id,
                None if document.report_id is None else digests.report(document.report_id),
                is_urgent=document.priority is Priority.URGENT,
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
