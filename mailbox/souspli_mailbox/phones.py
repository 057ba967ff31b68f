"""Telephone numbers in one spelling: E.164, `+` and digits. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Final

from msgspec import Meta

# ITU-T E.164 §6.2: at most 15 digits, of which the first is of no country. Fewer than 7
# is nobody's: the shortest numbers in use, with their country's code, have 7.
PATTERN: Final = r"^\+[1-9][0-9]{6,14}$"

Phone = Annotated[
    str,
    Meta(pattern=PATTERN, min_length=8, max_length=16, description="a telephone number, E.164"),
]

# How numbers are written in France and on forms: in pairs, with dots, hyphens, brackets.
_BETWEEN: Final = re.compile(r"[\s.\-()/\u00a0\u202f]")


class PhoneError(ValueError):
    """Not a telephone number. The text does not repeat it."""


def normalise_phone(text: str) -> str:
    """Return the E.164 spelling of a number that somebody typed.

    `00` is read as `+`. A number without its country is refused: guessing one would
    send a patient's message to somebody else. Raises PhoneError.
    """
    typed = _BETWEEN.sub("", text)
    if typed.startswith("00"):
        typed = "+" + typed[2:]
    if not typed.isascii() or not re.fullmatch(PATTERN, typed):
        raise PhoneError("a telephone number is + and 7 to 15 digits, with its country's code")
    return typed
