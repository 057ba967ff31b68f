"""Finding a document that was sent from here, by what a person can say of it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from souspli_cli.errors import CliError, Refused

if TYPE_CHECKING:
    from souspli_cli.addressbook import AddressBook, SentDocument
    from souspli_cli.terminal import Terminal

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_SHOWN = 10  # one screen; more say less


def find(terminal: Terminal, book: AddressBook, said: str) -> SentDocument:
    """Give the stored document of this id, or with this title and no other.

    Raises:
        Refused: There is none, or several (each is shown with its id), or it waits here,
            not sent yet.
    """
    known = [one for one in book.documents() if not isinstance(one, CliError)]
    if _ID.fullmatch(said):
        found = [one for one in known if one.document_id == said]
    else:
        found = [one for one in known if one.title.casefold() == said.casefold()]
    if not found:
        raise Refused("document_unknown")
    if len(found) > 1:
        found.sort(key=lambda one: one.created_at, reverse=True)
        for one in found[:_SHOWN]:
            to = ", ".join(to.address for to in one.recipients)
            moment = time.strftime("%d/%m/%Y %H:%M", time.localtime(one.created_at))
            terminal.warn("error.document_one_of", id=one.document_id, date=moment, to=to)
        raise Refused("documents_several", count=len(found))
    (document,) = found
    if not document.stored:
        raise Refused("document_not_sent")
    return document
