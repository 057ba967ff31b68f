"""What a profile knows of its patients and documents, asked anew where the service answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from souspli_cli import outbox
from souspli_cli.connection import Line
from souspli_cli.errors import CliError
from souspli_cli.refresh import Refreshed, refresh
from souspli_cli.spool import FolderSpool
from souspli_exchange.errors import ExchangeError
from souspli_exchange.port_errors import UnavailableError

if TYPE_CHECKING:
    from souspli_cli.account import Account
    from souspli_cli.addressbook import Patient, SentDocument
    from souspli_cli.terminal import Terminal

# A folder that is damaged as a whole is seen by as many.
MOST_NAMED: Final = 10


@dataclass(frozen=True)
class Known:
    """The address book's readable entries: patients by address, the newest document first."""

    patients: dict[str, Patient]
    documents: list[SentDocument]


def refreshed_book(terminal: Terminal, account: Account, *, now: int) -> Refreshed:
    """Bring the address book up to what the service says; `away` if it does not answer."""
    refreshed = Refreshed()
    with FolderSpool(account.profile.outbox) as spool:
        _note_kept(account, spool)
        try:
            with Line(account, terminal) as line:
                terminal.note("sent.checking")
                refreshed = line.run(refresh(line.sending(spool), account.book, now=now))
        except UnavailableError:
            refreshed.away = True
    return refreshed


def known_to(account: Account) -> Known:
    """Read the address book."""
    patients = {p.address: p for p in account.book.patients() if not isinstance(p, CliError)}
    documents = [d for d in account.book.documents() if not isinstance(d, CliError)]
    documents.sort(key=lambda document: document.created_at, reverse=True)
    return Known(patients, documents)


def show_damaged(terminal: Terminal, account: Account) -> int:
    """Name the files of entries that can't be read, some of them at least; give how many."""
    entries = (*account.book.patients(), *account.book.documents())
    damaged = [entry for entry in entries if isinstance(entry, CliError)]
    for error in damaged[:MOST_NAMED]:
        terminal.warn(f"error.{error.name}", **error.values)
    return len(damaged)


def _note_kept(account: Account, spool: FolderSpool) -> None:
    """Have in the address book what a killed program sealed and did not note."""
    for document in spool.take_all()[0]:
        try:
            outbox.note(account, document)
        except ExchangeError:
            continue  # `--resume` says what is wrong with it
