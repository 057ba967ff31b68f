"""The media type of a file by its first bytes, where no process is started to look into it.

A hint for the program that shows the file, by the signatures that intake knows.
``examine.py`` knows more, and what a viewer will stumble over; it costs half a second.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from souspli_cli.intake.sniff import TEXT, UNKNOWN, ZIPS, by_signature

if TYPE_CHECKING:
    from pathlib import Path

_LOOKED_AT = 4096
_TEXT_CONTROLS = frozenset("\t\n\r\f")


def media_type_of(path: Path) -> str:
    """Say what a file's first bytes are; ``OSError`` if it can't be read."""
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    if signed := by_signature(start):
        return signed
    if start.startswith(ZIPS):
        return "application/zip"
    return TEXT if start and _is_text(start) else UNKNOWN


def _is_text(start: bytes) -> bool:
    try:
        # Not final: the first bytes may end inside a letter.
        text = codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return all(letter >= " " or letter in _TEXT_CONTROLS for letter in text)
