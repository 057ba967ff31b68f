"""At the start: the ledger is completed from the spool, and what crashes left is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from souspli_cli import files
from souspli_cli.bridge import ledger
from souspli_cli.bridge.accepting.keeping import accepted_mail
from souspli_cli.bridge.errors import SpoolDamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from souspli_cli.bridge.digests import Digests
    from souspli_cli.bridge.ledger_rows import AcceptedMail
    from souspli_cli.bridge.spool import MailSpool
    from souspli_storage.database import Database

# In one statement.
_AT_ONCE: Final = 500

_Value = TypeVar("_Value")

_log: Final = structlog.get_logger()


def recover(database: Database, spool: MailSpool, digests: Digests) -> None:
    """Have the ledger know every mail of the spool, and the spool no mail that is settled.

    Nobody else may use either. A mail that can't be read stays, and is not recorded. Raises
    StorageError, OSError.
    """
    spool.remove_unfinished()
    # A name that was renamed to and not synced may be about to be answered for again.
    files.sync_folder(spool.folder)
    there = list(spool.queue_ids())
    unknown: list[str] = []
    for some in _batched(there):
        known = database.read_now(ledger.known_mails, some)
        unknown += [one for one in some if one not in known]
    found = [mail for one in unknown if (mail := _read(spool, one, digests))]
    # All of them, before the first is recorded: a folder has no order of its own.
    found.sort(key=lambda mail: mail.order)
    for mails in _batched(found):
        database.write_now(ledger.add_mails, mails)
    for some in _batched(there):
        for queue_id in database.read_now(ledger.settled_mails, some):
            # Delivered, and killed before its file was removed.
            spool.remove(queue_id)
    for some in _batched([mail.queue_id for mail in found]):
        now_known = database.read_now(ledger.known_mails, some)
        for queue_id in some:
            if queue_id not in now_known:
                spool.remove(queue_id)  # the same as another, as `add_mails` says
    _remove_covers(database, spool)


def _batched(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    """Give as many as go into one statement, and the next ones."""
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))


def _read(spool: MailSpool, queue_id: str, digests: Digests) -> AcceptedMail | None:
    try:
        mail = spool.read(queue_id)
    except (SpoolDamagedError, OSError) as failure:
        if files.is_of_machine(failure):
            raise
        # Left where it is: a person may have a backup, and nobody else an idea.
        _log.error("bridge-spool-damaged", queue_id=queue_id, failure=type(failure).__name__)
        return None
    return accepted_mail(mail.slip, mail.documents, digests)


def _remove_covers(database: Database, spool: MailSpool) -> None:
    """Remove covers of documents that were delivered."""
    covers = {path.stem: path for path in spool.folder.glob("*.covers")}
    for some in _batched(tuple(covers)):
        needed = database.read_now(ledger.open_documents, some)
        for document_id in some:
            if document_id not in needed:
                covers[document_id].unlink(missing_ok=True)
