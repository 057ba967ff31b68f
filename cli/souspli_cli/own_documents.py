"""Finding a document that was sealed here, by what a person can say of it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from souspli_cli.errors import CliError, Refused

if TYPE_CHECKING:
    from souspli_cli.addressbook import AddressBook, SentDocument
    from souspli_cli.terminal import Terminal

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
# Of the eight characters that the worklist shows, half are enough to type.
_BEGINNING_OF_ID = re.compile(r"[0-9a-f]{4,31}", re.ASCII)
_SHOWN = 10  # one screen; more say less


def find(terminal: Terminal, book: AddressBook, said: str) -> SentDocument:
    """Give the document of this id, with this title, or whose id begins so; and no other.

    Not for taking a document back: a title that none has ("2025") may by chance begin the
    id of another, and a script asks nobody.

    Raises:
        Refused: There is none, or several (each is shown with its id).
    """
    known = _known(book)
    found = _named(known, said)
    if not found and _BEGINNING_OF_ID.fullmatch(said):
        found = [one for one in known if one.document_id.startswith(said)]
    return _only(terminal, found)


def find_sent(terminal: Terminal, book: AddressBook, said: str) -> SentDocument:
    """Give the stored document of this id, or with this title and no other.

    Raises:
        Refused: As ``find``, or it waits here, not sent yet.
    """
    document = _only(terminal, _named(_known(book), said))
    if not document.stored:
        raise Refused("document_not_sent")
    return document


def _known(book: AddressBook) -> list[SentDocument]:
    return [one for one in book.documents() if not isinstance(one, CliError)]


def _named(known: list[SentDocument], said: str) -> list[SentDocument]:
    if _ID.fullmatch(said):
        return [one for one in known if one.document_id == said]
    return [one for one in known if one.title.casefold() == said.casefold()]


def _only(terminal: Terminal, found: list[SentDocument]) -> SentDocument:
    if not found:
        raise Refused("document_unknown")
    if len(found) > 1:
        newest_first = sorted(found, key=lambda one: one.created_at, reverse=True)
        for one in newest_first[:_SHOWN]:
            to = ", ".join(to.address for to in one.recipients)
            moment = time.strftime("%d/%m/%Y %H:%M", time.localtime(one.created_at))
            terminal.warn("error.document_one_of", id=one.document_id, date=moment, to=to)
        raise Refused("documents_several", count=len(found))
    return found[0]
