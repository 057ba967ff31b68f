"""Texts and dates as a manifest may hold them (docs/specs/intake.md §2), or nothing.

What can't be made one is left out: a wrong name or birth date is worse than none.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from stdnum import luhn

from souspli_exchange.dates import check_birth_date, check_date
from souspli_exchange.manifest import MAX_TEXT_CHARACTERS
from souspli_exchange.patterns import LOINC
from souspli_keys.canonical import check_text
from souspli_keys.errors import CanonicalError, SchemaError

# NFC sorts a run of combining characters in quadratic time, so the cut comes first: room
# for every character of a text to be written as five.
_MOST_LOOKED_AT: Final = 5 * MAX_TEXT_CHARACTERS

# Each with a time of day behind it, if any; offsets as HL7 writes them.
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ].*)?")
_COMPACT: Final = re.compile(
    r"([0-9]{4})(?:([0-9]{2})(?:([0-9]{2})(?:[0-9]{2,6}(?:[.][0-9]*)?)?)?)?"
    r"(?:[+-][0-9]{4}|[T ].*)?"
)
_FRENCH: Final = re.compile(r"([0-9]{2})[/.-]([0-9]{2})[/.-]([0-9]{4})(?: .*)?")
_UNKNOWN = "00"


def clean_text(value: str | None) -> str | None:
    """Return `value` in NFC and on one line, cut to 200 characters; None if nothing is left.

    Control characters, those that turn the direction of writing, and whatever else no
    manifest may hold are dropped; every run of white space is one space.
    """
    if value is None:
        return None
    shown = " ".join(value[:_MOST_LOOKED_AT].split())
    if shown.isascii() and shown.isprintable():  # most texts are codes and numbers
        return shown[:MAX_TEXT_CHARACTERS].rstrip() or None
    composed = unicodedata.normalize("NFC", "".join(filter(may_stand, shown)))
    # Once more: what was dropped may have stood between two spaces, and been their reason.
    return " ".join(composed.split())[:MAX_TEXT_CHARACTERS].rstrip() or None


def clean_date(value: str | None) -> str | None:
    """Return the day that `value` begins with, as YYYY-MM-DD; None if it is no full date.

    Reads `YYYYMMDD…`, `YYYY-MM-DD…` and `DD/MM/YYYY`. A year of two digits says too
    little: it would be a guess.
    """
    found = _parts(value)
    if found is None or _UNKNOWN in found[1:]:
        return None
    try:
        return check_date("-".join(found))
    except SchemaError:
        return None


def clean_birth_date(value: str | None) -> str | None:
    """Return `value` as YYYY-MM-DD, month or day 00 where it does not tell them, or None.

    Reads what `clean_date` reads, and `YYYY`, `YYYYMM`.
    """
    found = _parts(value)
    if found is None or found[0] == "0000":
        return None
    try:
        return check_birth_date("-".join(found))
    except SchemaError:
        return None


def clean_loinc(value: str | None) -> str | None:
    """Return `value` if it is a LOINC code whose check digit holds, or None."""
    code = (value or "")[:20].strip()
    if not LOINC.fullmatch(code) or not luhn.is_valid(code.replace("-", "")):
        return None
    return code


def may_stand(character: str) -> bool:
    """Say whether a text of a manifest may have this character, once it is composed."""
    try:
        # A character that only NFC changes is composed in the next step.
        check_text(unicodedata.normalize("NFC", character))
    except CanonicalError:
        return False
    return True


def _parts(value: str | None) -> tuple[str, str, str] | None:
    text = (value or "")[:40].strip()
    if match := _FRENCH.fullmatch(text):
        return match[3], match[2], match[1]
    if match := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        return match[1], match[2] or _UNKNOWN, match[3] or _UNKNOWN
    return None
