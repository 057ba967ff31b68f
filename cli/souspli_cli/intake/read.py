"""The one entry of intake: a mail's bytes as documents (docs/specs/intake.md)."""

from __future__ import annotations

import re
from typing import Final

from souspli_cli.intake.cleaning import clean_text
from souspli_cli.intake.combine import combine
from souspli_cli.intake.errors import BeyondLimitsError, UnreadableError
from souspli_cli.intake.gathered import Gathered, Piece
from souspli_cli.intake.limits import DEFAULT_LIMITS, Limits
from souspli_cli.intake.mime import Leaf, read_message
from souspli_cli.intake.names import with_unique_names
from souspli_cli.intake.values import Document, Mail

_HEALTH_DATA: Final = re.compile(r"XDM/1\.0", re.IGNORECASE)
"""MSSanté's subjects: kind of report, name and birth date of the patient."""


def read_mail(message: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Mail:
    """Return everything that a mail holds, as documents, at least one.

    Pure, and total: UnreadableError for what is no mail or holds nothing, BeyondLimitsError
    for what is beyond `limits`, and nothing else, whatever the bytes. Time and memory grow
    linearly with them. What is odd about a mail stands in findings and never stops it.
    """
    mail = read_message(message, limits=limits)
    pieces = [_piece(leaf) for leaf in mail.leaves if not _says_nothing(leaf)]
    if not any(piece.content for piece in pieces):
        raise UnreadableError("a mail without anything in it")
    gathered = Gathered(limits.after(sum(len(piece.content) for piece in pieces)))
    for piece in pieces:
        gathered.add(piece)
    subject = None if _HEALTH_DATA.search(mail.subject) else clean_text(mail.subject)
    documents = combine(gathered.documents, gathered.loose, subject=subject)
    return Mail(
        message_id=mail.message_id,
        documents=tuple(_finished(document, limits) for document in documents),
        findings=mail.findings,
        is_reply_of_a_program=mail.is_reply_of_a_program,
        date=mail.date,
    )


def _says_nothing(leaf: Leaf) -> bool:
    return leaf.is_text and not leaf.content.strip(b" \t\r\n\x00\xa0")


def _piece(leaf: Leaf) -> Piece:
    return Piece(
        content=leaf.content,
        name=leaf.name,
        declared_type=leaf.declared_type,
        is_text=leaf.is_text,
        findings=leaf.findings,
    )


def _finished(document: Document, limits: Limits) -> Document:
    if len(document.files) > limits.files:
        raise BeyondLimitsError("files: a document with too many files")
    return with_unique_names(document)
