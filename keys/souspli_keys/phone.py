"""Telephone numbers in one spelling: E.164, `+` and digits (docs/specs/encoding.md §5). Pure."""

import re
from typing import Final, NewType

from souspli_keys.errors import PhoneError

Phone = NewType("Phone", str)
"""A telephone number in its canonical spelling."""

# ITU-T E.164 §6.2: at most 15 digits, the first of which begins a country's code. Fewer
# than 7 is nobody's: the shortest numbers in use, with their country's code, have 7.
PATTERN: Final = r"^\+[1-9][0-9]{6,14}$"
LEAST_CHARACTERS: Final = 8
MOST_CHARACTERS: Final = 16

# How numbers are written on forms: in pairs, with spaces, dots, hyphens or a slash.
_BETWEEN: Final = re.compile(r"[\s.\-/]")


def normalise_phone(text: str) -> Phone:
    """Return the E.164 spelling of a number that somebody typed.

    `00` is read as `+`. A number without its country's code is refused: guessing one
    would send a patient's message to somebody else. Raises PhoneError, whose text does
    not repeat the number.
    """
    typed = _BETWEEN.sub("", text)
    if typed.startswith("00"):
        typed = "+" + typed[2:]
    return parse_phone(typed)


def parse_phone(text: str) -> Phone:
    """Return `text` if it is the canonical spelling of a number; PhoneError if not."""
    # `fullmatch`: Python's `$` also matches before a line feed at the end.
    if not text.isascii() or not re.fullmatch(PATTERN, text):
        raise PhoneError("a telephone number is + and 7 to 15 digits, with its country's code")
    return Phone(text)
