"""The media type of a file by its first bytes, where no process is started to look into it.

A hint for the program that shows the file, from a short list of what medicine exchanges.
``examine.py`` knows more, and what a viewer will stumble over; it costs half a second.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN = "application/octet-stream"

_LOOKED_AT = 4096

# Where each begins, and with what: the formats' own specifications.
_SIGNATURES = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"{\\rtf", "text/rtf"),
    (128, b"DICM", "application/dicom"),
)
_TEXT_CONTROLS = frozenset("\t\n\r\f")


def media_type_of(path: Path) -> str:
    """Say what a file's first bytes are; ``OSError`` if it can't be read."""
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    for at, signature, media_type in _SIGNATURES:
        if start.startswith(signature, at):
            return media_type
    return "text/plain" if start and _is_text(start) else UNKNOWN


def _is_text(start: bytes) -> bool:
    try:
        # Not final: the first bytes may end inside a letter.
        text = codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return all(letter >= " " or letter in _TEXT_CONTROLS for letter in text)
