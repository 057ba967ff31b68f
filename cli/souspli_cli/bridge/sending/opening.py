"""A document of the spool, opened again at the laboratory that sealed it.

In memory for the examination of its PDFs, and into a folder where a person asks for it.
Contents are opened from a verified cover and from nothing else (sealed-document.md §7);
the spool has none yet, so one is made for ourselves, and is kept nowhere.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from souspli_cli.bridge.errors import SpoolDamagedError
from souspli_cli.connection import sending_member
from souspli_exchange.contents_opener import ContentsOpener
from souspli_exchange.errors import ContentsRefusedError
from souspli_exchange.extraction import Extraction
from souspli_exchange.manifest import Description
from souspli_exchange.outgoing import Draft, sign_cover

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from souspli_cli.account import Account
    from souspli_cli.bridge.spool import MailSpool, SpooledMail
    from souspli_exchange.bundle import WriteFile
    from souspli_exchange.contents_opener import VerifiedContents
    from souspli_exchange.sealed import VerifiedCover

PDF: Final = "application/pdf"


def has_pdf(mail: SpooledMail, number: int) -> bool:
    """Say whether one of a document's files is a PDF, by its content."""
    return any(file.media_type == PDF for file in mail.documents[number].contents.files)


def pdfs_of(account: Account, spool: MailSpool, mail: SpooledMail, number: int) -> list[bytearray]:
    """Give a document's PDFs, in memory; nothing is opened if it has none.

    Raises SpoolDamagedError, OSError.
    """
    files = mail.documents[number].contents.files
    found = {
        place: bytearray(file.size) for place, file in enumerate(files) if file.media_type == PDF
    }
    if not found:
        return []

    def write(place: int, offset: int, data: memoryview) -> None:
        if place in found:
            found[place][offset : offset + len(data)] = data

    _open(_cover(account, mail, number), spool, mail, number, write=write)
    return list(found.values())


def open_into(
    account: Account, spool: MailSpool, mail: SpooledMail, number: int, folder: Path
) -> tuple[Path, ...]:
    """Open a document into a folder, which appears whole or not at all; files are 0600.

    Raises OutputError (OutputExistsError if the folder exists), SpoolDamagedError, OSError.
    """
    cover = _cover(account, mail, number)
    with Extraction(folder, cover.manifest.contents.files) as extraction:
        return extraction.release(_open(cover, spool, mail, number, write=extraction.write))


def _open(
    cover: VerifiedCover, spool: MailSpool, mail: SpooledMail, number: int, *, write: WriteFile
) -> VerifiedContents:
    with _damage_named():
        opener = ContentsOpener(cover, write=write)
        for index in range(opener.layout.count):
            opener.open_next(spool.segment(mail, number, index))
        return opener.finish()


def _cover(account: Account, mail: SpooledMail, number: int) -> VerifiedCover:
    slip, sender = mail.documents[number], sending_member(account)
    draft = Draft(
        document_id=slip.id,
        created_at=mail.slip.received_at,
        # Whom it is about is not known yet, and nobody reads this.
        document=Description(title="–", date="1970-01-01", patient=None),
        contents=slip.contents.contents,
    )
    own = sign_cover(draft, slip.contents.key, sender.identity.public, sender=sender)
    return sender.open_own_cover(own.sealed, slip.id)


@contextlib.contextmanager
def _damage_named() -> Generator[None]:
    try:
        yield
    except ContentsRefusedError:
        raise SpoolDamagedError("a spool file holds other contents") from None
