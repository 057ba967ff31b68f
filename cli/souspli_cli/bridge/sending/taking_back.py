"""Carrying out a laboratory's withdrawal: the service is told, in order, once.

docs/specs/bridge.md §11, withdrawal.md §2. What a crash leaves: signed and kept in the
address book (or nothing); posted; every withdrawn document's row; the withdrawal's own
row. Each step finds what the one before has left, and the service knows an envelope that
it was given before by its hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from souspli_cli import withdrawing
from souspli_cli.bridge.errors import EarlierWaitsError, ToCheckError
from souspli_cli.bridge.reasons import (
    WITHDRAWS_GONE,
    WITHDRAWS_MAYBE_SENT,
    WITHDRAWS_UNCHECKED,
    WITHDRAWS_UNKNOWN,
)
from souspli_cli.bridge.sending import earlier
from souspli_cli.bridge.sending.document_spool import DocumentSpool
from souspli_cli.refresh import post_withdrawal
from souspli_exchange.port_errors import NotFoundError, StatementNotTakenError
from souspli_exchange.withdrawal import WithdrawalReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from souspli_cli.account import Account
    from souspli_cli.bridge.digests import Digests
    from souspli_cli.bridge.ledger_rows import Row
    from souspli_cli.bridge.spool import MailSpool, SpooledMail
    from souspli_exchange.sending import Sending
    from souspli_exchange.spool import Spool
    from souspli_storage.database import Database


class TakingBack:
    """Withdraws, as the profile's member, what this bridge has sent."""

    def __init__(
        self, account: Account, spool: MailSpool, *, database: Database, digests: Digests
    ) -> None:
        self._account = account
        self._spool = spool
        self._database = database
        self._digests = digests

    async def take_back(
        self,
        line: Callable[[Spool], Sending],
        mail: SpooledMail,
        number: int,
        row: Row,
        *,
        now: int,
    ) -> None:
        """Return once nothing of the reports that a document takes back stands any more.

        Raises ToCheckError, with nothing done, if it is not certain what is meant, or after
        all that can be done if some of it may stand all the same; EarlierWaitsError if some
        of it is still to be sent; PortError, and then it may be done again.
        """
        reports = [self._digests.report(one) for one in mail.documents[number].replaces]
        found = await self._database.read(earlier.earlier, row, reports)
        if found.in_quarantine:
            # Whoever sends that one later would undo this.
            raise ToCheckError(WITHDRAWS_UNCHECKED)
        if found.waiting:
            raise EarlierWaitsError("an earlier version is still to be sent")
        if not found.delivered and not found.withdrawn and not found.maybe_sent:
            raise ToCheckError(WITHDRAWS_UNKNOWN)
        if any(self._account.book.document(one) is None for one in found.delivered):
            # Another address book: it can't be said whom they went to.
            raise ToCheckError(WITHDRAWS_UNKNOWN)
        sending = line(DocumentSpool(self._spool, mail, number))
        for document_id in found.delivered:
            await self._withdraw(sending, document_id, now=now)
        # A crash from here on leaves documents that the service has as withdrawn: it is
        # told once more, the same.
        await self._database.write(earlier.note_withdrawn, found.delivered, now=now)
        if found.maybe_sent:
            raise ToCheckError(WITHDRAWS_MAYBE_SENT)

    async def _withdraw(self, sending: Sending, document_id: str, *, now: int) -> None:
        book = self._account.book
        noted = withdrawing.note(
            sending.sender,
            book,
            document_id,
            # A laboratory's format does not say why.
            reason=WithdrawalReason.OTHER,
            replaced_by=None,
            now=now,
        )
        if noted.withdrawal is not None and noted.withdrawal.taken:
            return
        try:
            await post_withdrawal(sending, book, noted)
        except StatementNotTakenError:
            withdrawing.forget(book, noted)
            raise
        except NotFoundError:
            # Purged, or sent by a member that this bridge was before: then it still stands.
            withdrawing.forget(book, noted)
            raise ToCheckError(WITHDRAWS_GONE) from None
