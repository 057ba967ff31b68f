"""What verbs share that work beside a running bridge, or without one: ledger and spool."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from souspli_cli import account as profiles
from souspli_cli.bridge.ledger_rows import QUARANTINE
from souspli_cli.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from souspli_cli.account import Account
    from souspli_cli.bridge.ledger_rows import Row
    from souspli_cli.bridge.settings import Folder
    from souspli_cli.bridge.slip import DocumentSlip
    from souspli_cli.bridge.spool import MailSpool, SpooledMail
    from souspli_cli.terminal import Terminal
    from souspli_storage.database import Database


@dataclass(frozen=True)
class Opened:
    """A bridge's profile, as a verb has it."""

    account: Account
    place: Folder
    database: Database

    @property
    def spool(self) -> MailSpool:
        """The mails."""
        from souspli_cli.bridge.spool import MailSpool  # noqa: PLC0415  (not for --help)

        return MailSpool(self.place.spool, self.account.device.unlocker.secret_bytes())

    def find(self, said: str) -> str:
        """Give the id of the one document whose id begins so."""
        from souspli_cli.bridge import ledger  # noqa: PLC0415  (SQLAlchemy: 0.3 s)

        found = self.database.read_now(ledger.matching, said.lower())
        if len(found) != 1:
            raise Refused("bridge_document_unknown")
        return found[0]

    def in_quarantine(self, said: str) -> Row:
        """Give the row of a document that a person must look at."""
        from souspli_cli.bridge import ledger  # noqa: PLC0415  (as above)

        row = self.database.read_now(ledger.document, self.find(said))
        if row is None or row.state not in QUARANTINE:
            raise Refused("bridge_not_to_check")
        return row

    def mail(self, row: Row) -> SpooledMail:
        """Give a row's mail; Refused if its file is not there or damaged."""
        from souspli_cli.bridge.errors import SpoolDamagedError  # noqa: PLC0415  (as above)

        try:
            return self.spool.read(row.queue_id)
        except (SpoolDamagedError, OSError):
            raise Refused("bridge_spool_damaged") from None

    def slip(self, row: Row) -> DocumentSlip | None:
        """Give what is kept of a row's document, if it can be read."""
        from souspli_cli.bridge.errors import SpoolDamagedError  # noqa: PLC0415  (as above)

        try:
            mail = self.spool.read(row.queue_id)
            return mail.documents[mail.number_of(row.document_id)]
        except (SpoolDamagedError, OSError):
            return None


@contextlib.contextmanager
def opened(
    terminal: Terminal, folder: Path | None, passphrase_file: Path | None
) -> Generator[Opened]:
    """Open a profile with its ledger; what is wrong with that is said in words."""
    from souspli_cli.bridge.ledger import open_ledger  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.settings import Folder  # noqa: PLC0415  (as above)
    from souspli_storage.errors import StorageError, StorageFullError  # noqa: PLC0415

    account = profiles.open_account(terminal, folder, passphrase_file)
    place = Folder.of(account.profile)
    try:
        with open_ledger(place.ledger) as database:
            yield Opened(account, place, database)
    except StorageFullError:
        raise Refused("disk_full") from None
    except StorageError:
        raise Refused("bridge_ledger") from None
