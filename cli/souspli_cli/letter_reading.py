"""Reads number and code back from a letter's PDF, as the person who holds it would.

The code exists on the letter only: whoever wants it (the demo, a test) has to read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_NUMBER: Final = re.compile(r"\b(\d{3} \d{3} \d{3} \d)\b")
_CODE: Final = re.compile(r"\b([0-9A-HJKMNP-TV-Z]{5}(?:-[0-9A-HJKMNP-TV-Z]{5}){3})\b")


@dataclass(frozen=True)
class ReadLetter:
    """What stands on a letter, as it is written there."""

    letter_number: str
    code: str = field(repr=False)


def find_on_letter(text: str) -> ReadLetter:
    """Number and code in the text of a letter's first page; ValueError if they are not there."""
    number, code = _NUMBER.search(text), _CODE.search(text)
    if number is None or code is None:
        raise ValueError("this is not a letter")
    return ReadLetter(letter_number=number[1], code=code[1])


def read_letter(path: Path) -> ReadLetter:
    """Number and code from the text of a letter's PDF."""
    from pypdf import PdfReader  # noqa: PLC0415  (only the demo reads letters)

    return find_on_letter(PdfReader(path).pages[0].extract_text())
