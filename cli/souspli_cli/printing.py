"""``souspli print``: one's own document again, to be printed and handed over on paper.

Nothing is sent to a printer: the files are opened into a folder, in the clear, and the
user is told so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli.account import open_account
from souspli_cli.connection import Line
from souspli_cli.errors import CliError, Refused
from souspli_cli.offline_words import output_refusal
from souspli_cli.spool import FolderSpool
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb
from souspli_exchange.errors import OutputError
from souspli_exchange.ids import DocumentId
from souspli_exchange.own_document import open_own_document
from souspli_exchange.port_errors import NotFoundError
from souspli_exchange.ports.states import DeliveryState

if TYPE_CHECKING:
    from souspli_cli.addressbook import AddressBook, SentDocument

_PART_OF_ID = re.compile(r"[0-9a-f]{4,32}", re.ASCII)


@verb("print", name="print")
@click.argument("document", metavar="DOCUMENT")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR")
@profile_options
def print_(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    document: str,
    out: Path,
) -> None:
    """Open the own cover, verify the contents, let the files appear."""
    account = open_account(terminal, folder, passphrase_file)
    found = find(account.book, document)
    if not found.stored:
        raise Refused("print_not_sent")
    try:
        with Line(account, terminal) as line, FolderSpool(account.profile.outbox) as spool:
            opened = line.run(
                open_own_document(line.sending(spool), DocumentId(found.document_id), out)
            )
    except NotFoundError:
        raise Refused("print_gone" if _was_purged(found) else "print_lost") from None
    except OutputError as failure:
        raise output_refusal(failure, out) or failure from failure
    terminal.show("print.done", path=str(out))
    terminal.show("print.title", title=found.title)
    for path in opened.paths:
        terminal.show("print.file", name=path.name)
    terminal.warn("print.plain")
    terminal.give(
        {
            "document_id": found.document_id,
            "folder": str(out),
            "files": [path.name for path in opened.paths],
        }
    )


def find(book: AddressBook, said: str) -> SentDocument:
    """Give the document that was sealed here, by its id or the beginning of it.

    Raises:
        Refused: There is none, or more than one begins so.
    """
    if not _PART_OF_ID.fullmatch(said):
        raise Refused("document_not_understood")
    known = (one for one in book.documents() if not isinstance(one, CliError))
    found = [one for one in known if one.document_id.startswith(said)]
    if not found:
        raise Refused("document_not_known")
    if len(found) > 1:
        raise Refused("document_not_unique")
    return found[0]


def _was_purged(document: SentDocument) -> bool:
    return any(to.state == DeliveryState.EXPIRED.value for to in document.recipients)
