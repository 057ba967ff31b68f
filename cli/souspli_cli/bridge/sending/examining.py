"""The examination of a document on its way out (docs/specs/bridge.md §10).

After the 250, so that a hostile PDF costs no laboratory its answer; before anything
leaves, so that the settings can hold a document back.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from souspli_cli.bridge.errors import ToCheckError
from souspli_cli.bridge.pdf.examiners import NOT_EXAMINED
from souspli_cli.bridge.sending.document_spool import covers_path
from souspli_cli.bridge.sending.opening import has_pdf, pdfs_of

if TYPE_CHECKING:
    from souspli_cli.account import Account
    from souspli_cli.bridge.ledger_rows import Row
    from souspli_cli.bridge.pdf.examiners import PdfExaminers
    from souspli_cli.bridge.policy import Policy
    from souspli_cli.bridge.spool import MailSpool, SpooledMail


class Examination:
    """Of the documents of one spool."""

    def __init__(
        self, account: Account, spool: MailSpool, *, examiners: PdfExaminers, policy: Policy
    ) -> None:
        self._account = account
        self._spool = spool
        self._examiners = examiners
        self._policy = policy
        # What is opened stands in memory: as many documents as are looked at, no more.
        self._turn = asyncio.Semaphore(examiners.most or 1)

    async def examine(self, mail: SpooledMail, number: int, row: Row) -> str:
        """Give what was found, as rows keep it.

        Raises ToCheckError if the settings want a person to look at that first, and nobody
        has; SpoolDamagedError, OSError.
        """
        found = frozenset[str]()
        if has_pdf(mail, number):
            async with self._turn:
                found = await asyncio.to_thread(self._examine, mail, number)
        said = ",".join(sorted(found))
        # Covers: it may have left before a crash, and was let go by then.
        let_go = row.decided_at is not None or (
            covers_path(self._spool.folder, row.document_id).exists()
        )
        reason = self._policy.reason_to_check(found)
        if reason is not None and not let_go:
            raise ToCheckError(reason, said)
        return said

    def _examine(self, mail: SpooledMail, number: int) -> frozenset[str]:
        if not self._examiners.most:
            return NOT_EXAMINED.findings
        pdfs = pdfs_of(self._account, self._spool, mail, number)
        return self._examiners.examine_all(pdfs, mail=mail.slip.queue_id, number=number)
