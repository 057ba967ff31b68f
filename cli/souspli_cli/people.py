"""What is typed about people, read once and strictly: addresses, dates, names.

Errors name the option, never the value: what was typed may be a patient's trait.
"""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING

import msgspec

from souspli_cli import files
from souspli_cli.addressbook import Traits
from souspli_cli.errors import Refused
from souspli_cli.terminal import checked_line
from souspli_keys import codes
from souspli_keys.address import Address, normalise_address
from souspli_keys.errors import AddressError, PersonError, PhoneError
from souspli_keys.person import normalise_surname, parse_birth_date
from souspli_keys.phone import Phone, normalise_phone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAX_POSTAL_LINES = 6  # NF Z 10-011, and statements.md
MAX_POSTAL_CHARACTERS = 100
# A few hundred bytes; a file larger than this is something else.
MAX_PATIENT_FILE_BYTES = 65_536

_FRENCH_DATE = re.compile(r"([0-9]{2})[/.-]([0-9]{2})[/.-]([0-9]{4})", re.ASCII)


class PatientFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What ``--patient`` reads; whatever is missing there may be given as an option."""

    birth_name: str | None = None
    used_name: str | None = None
    given_names: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    postal_address: tuple[str, ...] = ()
    phone: str | None = None

    @classmethod
    def of(cls, traits: Traits) -> PatientFile:
        """Give what is known of a patient already."""
        return cls(**msgspec.structs.asdict(traits))

    def over(self, other: PatientFile) -> PatientFile:
        """Give the other with everything replaced that is said here."""
        said = {name: value for name, value in msgspec.structs.asdict(self).items() if value}
        return msgspec.structs.replace(other, **said)


def address_of(text: str) -> Address:
    """Read an e-mail address; ``Refused`` where it is none."""
    try:
        return normalise_address(text)
    except AddressError:
        raise Refused("address_not_understood", address=text) from None


def date_of(text: str, *, option: str) -> str:
    """Read ``DD/MM/YYYY`` or ``YYYY-MM-DD`` and give the latter; 00 is an unknown part."""
    match = _FRENCH_DATE.fullmatch(text.strip())
    iso = f"{match[3]}-{match[2]}-{match[1]}" if match else text.strip()
    try:
        return parse_birth_date(iso)
    except PersonError:
        raise Refused("date_not_understood", option=option) from None


def full_date_of(text: str, *, option: str) -> str:
    """Like ``date_of``, with no unknown part."""
    date = date_of(text, option=option)
    if "-00" in date:
        raise Refused("date_not_understood", option=option)
    return date


def surname_of(text: str, *, option: str) -> str:
    """Read a surname that the person check can be made of (keys.md §5)."""
    name = checked_line(text, option=option)
    try:
        normalise_surname(name)
    except PersonError:
        raise Refused("surname_not_understood", option=option) from None
    return name


def sex_of(text: str) -> str:
    """Read F, M or U."""
    sex = text.strip().upper()
    if sex not in {"F", "M", "U"}:
        raise Refused("sex_not_understood")
    return sex


def phone_of(text: str) -> Phone:
    """Read a telephone number with its country's code."""
    try:
        return normalise_phone(text)
    except PhoneError:
        raise Refused("patient_phone_not_understood") from None


def postal_address_of(lines: Sequence[str]) -> tuple[str, ...]:
    """Read the lines of a postal address."""
    if len(lines) > MAX_POSTAL_LINES:
        raise Refused("postal_not_understood")
    return tuple(
        checked_line(line, option="--postal-line", limit=MAX_POSTAL_CHARACTERS) for line in lines
    )


def rpps_of(text: str | None) -> str | None:
    """Give the eleven digits of an RPPS number; ``Refused`` where there are none."""
    number = "".join((text or "").split())
    if text is not None and not (
        len(number) == 11 and number.isascii() and number.isdecimal() and codes.passes_luhn(number)
    ):
        raise Refused("rpps_not_understood")
    return number or None


def traits_of(given: PatientFile) -> Traits:
    """Read complete traits; ``Refused`` names the option of the first that is wrong."""
    return Traits(
        birth_name=surname_of(given.birth_name or "", option="--birth-name"),
        used_name=surname_of(given.used_name, option="--used-name") if given.used_name else None,
        given_names=checked_line(given.given_names or "", option="--given-names"),
        birth_date=date_of(given.birth_date or "", option="--birth-date"),
        sex=sex_of(given.sex or ""),
        postal_address=postal_address_of(given.postal_address),
        phone=phone_of(given.phone) if given.phone else None,
    )


def read_patient_file(path: Path) -> PatientFile:
    """Read ``--patient``: a file, or standard input for ``-``."""
    try:
        if str(path) == "-":
            content = sys.stdin.buffer.read(MAX_PATIENT_FILE_BYTES)
        else:
            content = files.read(path, limit=MAX_PATIENT_FILE_BYTES)
        return msgspec.json.decode(content, type=PatientFile)
    except (OSError, msgspec.DecodeError):
        # Not chained: the cause repeats what was read.
        raise Refused("patient_file_not_understood") from None


def shown_date(iso: str) -> str:
    """Show a calendar date day first, ``02/03/1961``; unknown parts stay 00."""
    year, month, day = iso.split("-")
    return f"{day}/{month}/{year}"


def shown_day(moment: int) -> str:
    """Show the day of a moment as the calendar on the wall has it."""
    return time.strftime("%d/%m/%Y", time.localtime(moment))


def shown_name(traits: Traits) -> str:
    """Show a name as French documents do: ``DURAND Jeanne``, the used name first."""
    if traits.used_name and traits.used_name != traits.birth_name:
        return f"{traits.used_name.upper()} ({traits.birth_name.upper()}) {traits.given_names}"
    return f"{traits.birth_name.upper()} {traits.given_names}"
