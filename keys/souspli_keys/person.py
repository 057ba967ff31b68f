"""Surname and birth date, and the keyed value by which they are compared (keys.md §5).

Public: whoever has the key makes the value; the service only compares values, and
never sees what they were made of.
"""

import calendar
import hmac
import re
import unicodedata

from souspli_keys.errors import PersonError
from souspli_keys.framing import frame

# Letters that NFKD leaves whole, as people spell them who lack the key: dropped, they
# would make ŁUKASZ a stranger to LUKASZ.
_SPELT_OUT = str.maketrans(
    {"œ": "OE", "Œ": "OE", "æ": "AE", "Æ": "AE", "ß": "SS", "ẞ": "SS"}
    | {"ł": "L", "Ł": "L", "ø": "O", "Ø": "O", "đ": "D", "Đ": "D", "ð": "D", "Ð": "D"}
    | {"þ": "TH", "Þ": "TH", "ħ": "H", "Ħ": "H", "ı": "I"}
)

_NOT_A_TO_Z = re.compile(r"[^A-Z]")
_BIRTH_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")

_MONTHS = 12
_LONGEST_MONTH = 31  # days, where the month is unknown


def normalise_surname(text: str) -> str:
    """Return the surname in capitals A–Z: no marks, spaces, hyphens or apostrophes.

    `Le Goff-Œuvrard` gives `LEGOFFOEUVRARD`. Raises PersonError if no letter is left.
    """
    decomposed = unicodedata.normalize("NFKD", text).translate(_SPELT_OUT)
    surname = _NOT_A_TO_Z.sub("", decomposed.upper())  # marks, too, which stand apart now
    if not surname:
        raise PersonError("a surname holds at least one letter")
    return surname


def parse_birth_date(text: str) -> str:
    """Return `text` if it is `YYYY-MM-DD`, an unknown month or day being `00`.

    Raises PersonError for a day that no calendar has.
    """
    match = _BIRTH_DATE.fullmatch(text)
    if not match:
        raise PersonError("a birth date is written YYYY-MM-DD")
    year, month, day = (int(part) for part in match.groups())
    if year == 0 or month > _MONTHS:
        raise PersonError("no such month")
    if day > (calendar.monthrange(year, month)[1] if month else _LONGEST_MONTH):
        raise PersonError("no such day")
    return text


def compact_birth_date(text: str) -> str:
    """Return a birth date as `YYYYMMDD`, or raise PersonError."""
    return parse_birth_date(text).replace("-", "")


def person_check(key: bytes, *, surname: str, birth_date: str) -> bytes:
    """Return the 32 bytes that stand for a person under a claim's person-check key.

    `birth_date` is `YYYY-MM-DD`, an unknown month or day `00`. Raises PersonError.
    """
    framed = frame(
        "souspli/v1/person-check", normalise_surname(surname), compact_birth_date(birth_date)
    )
    return hmac.digest(key, framed, "sha256")
