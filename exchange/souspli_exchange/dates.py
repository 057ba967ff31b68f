"""Calendar dates, `YYYY-MM-DD` (encoding.md §2)."""

import datetime
import re
from typing import Final

from souspli_keys.errors import SchemaError

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNKNOWN = "00"


def check_date(text: str) -> str:
    """Return `text` if it is a day of the calendar, or raise SchemaError."""
    # The form as well: fromisoformat also reads 20260131 and 2026-W05-6.
    if not _DATE.fullmatch(text):
        raise SchemaError("a date is YYYY-MM-DD")
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        raise SchemaError("no day of the calendar") from None
    return text


def check_birth_date(text: str) -> str:
    """Return `text` if somebody may be born then, or raise SchemaError.

    An unknown month or day is 00; the rest is still a possible day.
    """
    if not _DATE.fullmatch(text):
        raise SchemaError("a date is YYYY-MM-DD")
    year, month, day = text.split("-")
    # January has 31 days, and any month a first.
    check_date(f"{year}-{_known(month)}-{_known(day)}")
    return text


def _known(part: str) -> str:
    return "01" if part == _UNKNOWN else part
