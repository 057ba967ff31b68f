"""E-mail addresses of practitioners that a document names (docs/specs/intake.md §2)."""

from __future__ import annotations

import re
from typing import Final

_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}"
)
_MOST_CHARACTERS = 254  # RFC 5321
_PATIENTS = "patient.mssante.fr"
"""Where MSSanté has its patients: a copy to them is no practitioner's."""


def mail_address(value: str | None) -> str | None:
    """Return the address in `value`, with or without `mailto:`; None if it is no practitioner's."""
    address = (value or "")[: 2 * _MOST_CHARACTERS].strip()
    if address[:7].lower() == "mailto:":
        address = address[7:]
    if len(address) > _MOST_CHARACTERS or not _ADDRESS.fullmatch(address):
        return None
    return None if address.rpartition("@")[2].lower() == _PATIENTS else address
