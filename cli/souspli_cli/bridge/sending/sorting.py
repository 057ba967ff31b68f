"""Sorting: each accepted document gets its target, or the reason why a person must look.

Needs the spool, the address book and the ledger, and no service: what is to be checked is
known while the service is away.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import structlog

from souspli_cli import files
from souspli_cli.bridge import ledger
from souspli_cli.bridge.errors import SpoolDamagedError
from souspli_cli.bridge.ledger_rows import Sorted
from souspli_cli.bridge.policy import Deletions
from souspli_cli.bridge.reasons import BOOK_DAMAGED, DELETION, SPOOL_DAMAGED
from souspli_cli.bridge.routing import Allow, Unclear, route
from souspli_cli.bridge.sending import earlier
from souspli_cli.bridge.sending.document_spool import covers_path
from souspli_cli.bridge.sending.targets import seal_target
from souspli_cli.errors import CliError
from souspli_cli.intake.values import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from souspli_cli.bridge.digests import Digests
    from souspli_cli.bridge.fresh_slips import FreshSlips
    from souspli_cli.bridge.ledger_rows import Row
    from souspli_cli.bridge.policy import Policy
    from souspli_cli.bridge.routing import Book, Domain
    from souspli_cli.bridge.slip import DocumentSlip, MailSlips
    from souspli_cli.bridge.spool import MailSpool
    from souspli_storage.database import Database

# In one transaction.
AT_ONCE: Final = 100

_log: Final = structlog.get_logger()


class Sorter:
    """Blocking; for the worker's thread."""

    def __init__(
        self,
        database: Database,
        spool: MailSpool,
        *,
        book: Book,
        domain: Domain,
        policy: Policy,
        digests: Digests,
        secret: bytes,
        clock: Callable[[], float],
        fresh: FreshSlips,
        allow: Allow = Allow.NEVER,
    ) -> None:
        """`fresh`: slips that need not be read again."""
        self._database = database
        self._spool = spool
        self._book = book
        self._domain = domain
        self._policy = policy
        self._digests = digests
        self._secret = secret
        self._clock = clock
        self._allow = allow
        self._fresh = fresh
        self._under_way: set[str] = set()

    @contextlib.contextmanager
    def under_way(self, document_id: str) -> Generator[None]:
        """Know that a document may leave at any moment, in the worker's thread alone."""
        self._under_way.add(document_id)
        try:
            yield
        finally:
            self._under_way.discard(document_id)

    def sort_all(self) -> None:
        """Sort whatever is not; raises StorageError, OSError.

        A file that can't be read is its own document's matter; OSError is the machine's.
        """
        while rows := self._database.read_now(ledger.unsorted, AT_ONCE):
            found = self._sort(rows)
            ended = self._database.write_now(
                earlier.sort, found, may_have_left=self._may_have_left, now=int(self._clock())
            )
            # A crash from here on leaves files that the next start removes.
            for queue_id in self._database.read_now(ledger.settled_mails, ended):
                self._spool.remove(queue_id)

    def _sort(self, rows: Sequence[Row]) -> list[Sorted]:
        mails: dict[str, MailSlips | None] = {}
        found: list[Sorted] = []
        for row in rows:
            if row.queue_id not in mails:
                mails[row.queue_id] = self._mail(row.queue_id)
            found.append(self._sort_one(row, mails[row.queue_id]))
        return found

    def _sort_one(self, row: Row, mail: MailSlips | None) -> Sorted:
        if mail is None:
            return Sorted(row.document_id, None, None, SPOOL_DAMAGED)
        try:
            slip = mail.documents[mail.number_of(row.document_id)]
            target = route(
                slip,
                mail.slip.recipients,
                book=self._book,
                domain=self._domain,
                allow=self._allow,
            )
        except SpoolDamagedError:
            return Sorted(row.document_id, None, None, SPOOL_DAMAGED)
        except (CliError, OSError) as failure:
            if files.is_of_machine(failure):
                raise
            # An entry that can't be read: nobody knows what it says.
            _log.error(
                "bridge-book-damaged",
                document_id=row.document_id,
                failure=type(failure).__name__,
            )
            return Sorted(row.document_id, None, None, BOOK_DAMAGED)
        if isinstance(target, Unclear):
            return Sorted(row.document_id, None, None, target.value)
        if slip.change is Change.WITHDRAWS and self._policy.deletions is Deletions.CHECK:
            return Sorted(row.document_id, None, None, DELETION)
        return Sorted(
            row.document_id,
            seal_target(self._secret, target, document_id=row.document_id),
            self._digests.lane(target.addresses[:1]),
            None,
            withdraws=self._withdraws(slip),
        )

    def _withdraws(self, slip: DocumentSlip) -> tuple[bytes, ...]:
        if slip.change is not Change.WITHDRAWS:
            return ()
        return tuple(map(self._digests.report, slip.replaces))

    def _may_have_left(self, document_id: str) -> bool:
        """Say whether the service may have a document; covers are made before anything leaves."""
        if document_id in self._under_way:
            return True
        try:
            covers_path(self._spool.folder, document_id).stat()
        except FileNotFoundError:
            return False
        except OSError as failure:
            if files.is_of_machine(failure):
                raise
        return True

    def _mail(self, queue_id: str) -> MailSlips | None:
        slips = self._fresh.take(queue_id)
        if slips is not None:
            return slips
        try:
            return self._spool.read(queue_id)
        except (SpoolDamagedError, OSError) as failure:
            if files.is_of_machine(failure):
                raise
            _log.error("bridge-spool-damaged", queue_id=queue_id, failure=type(failure).__name__)
            return None
