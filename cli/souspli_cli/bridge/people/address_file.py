"""A list of patients as laboratory software exports it: bytes to people and bad rows.

docs/specs/bridge.md §13. Pure. Tolerant of how a table is written (delimiter, encoding,
names of columns), strict about what stands in it: a row that is not understood is told by
its line and by what is wrong, never by what it says.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from souspli_cli import people
from souspli_cli.addressbook import Traits
from souspli_cli.bridge.people.known_person import KnownPerson
from souspli_cli.bridge.routing import key_of_person
from souspli_cli.errors import CliError, Refused
from souspli_cli.intake.ins import INS_OIDS, NIR_OID, check_ins
from souspli_cli.intake.values import Traits as SaidTraits
from souspli_cli.terminal import checked_line
from souspli_exchange.manifest import Sex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_Value = TypeVar("_Value")

# A million patients at 250 bytes a row.
MAX_FILE_BYTES: Final = 256 * 1024**2
MOST_ROWS: Final = 1_000_000

_DELIMITERS: Final = (";", "\t", ",", "|")
# Columns as their names are folded: no case, accents, spaces or signs.
_COLUMNS: Final[Mapping[str, str]] = {
    name: column
    for column, names in {
        "birth_name": "birthname nomdenaissance nomnaissance nomdefamille nomjeunefille",
        "used_name": "usedname nomutilise nomdusage nomusage nomusuel nommarital",
        "given_names": "givennames prenoms prenom prenomsdenaissance prenomdenaissance",
        "birth_date": "birthdate datedenaissance datenaissance ddn nele neele",
        "sex": "sex sexe",
        "ins": "ins matricule matriculeins insmatricule nir",
        "oid": "oid oidins insoid",
        "address": "email mail courriel adresseemail adressemail adresseelectronique",
        "phone": "mobile portable telephonemobile telephoneportable telmobile telportable phone",
        "postal": "postaladdress adressepostale",
    }.items()
    for name in names.split()
}
REASONS: Final = (*dict.fromkeys(_COLUMNS.values()), "columns", "too_little")
"""Of rows that are bad by themselves; a column's name says that its cell is."""
NEEDED: Final = {
    "birth_name": "nom de naissance (birth name)",
    "given_names": "prénoms (given names)",
    "birth_date": "date de naissance (birth date)",
    "sex": "sexe (sex)",
    "address": "e-mail",
}
"""Columns that have to be there, and how to name them in either language."""

_SEXES: Final = {
    **dict.fromkeys(("f", "2", "femme", "feminin", "female"), "F"),
    **dict.fromkeys(("m", "1", "h", "homme", "masculin", "male"), "M"),
    **dict.fromkeys(("u", "i", "inconnu", "indetermine", "unknown", ""), "U"),
}
# What programs write behind a date that has no time.
_NO_TIME: Final = re.compile(r"[ T]00:00(:00(\.0+)?)?$")
_NATIONAL: Final = re.compile(r"0([1-9][0-9]{8})")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that can't be taken; ``bridge.bad_<reason>`` in the texts."""

    line: int
    reason: str
    other_line: int | None = None
    """The row that it can't be told apart from, where that is what is wrong."""


@dataclass(frozen=True, slots=True, repr=False)
class GoodRow:
    """A row that was understood."""

    line: int
    known: KnownPerson


@dataclass(frozen=True)
class Table:
    """Everything that a file holds."""

    good: list[GoodRow] = field(repr=False)
    bad: list[BadRow]
    ignored: tuple[str, ...]
    """Names of columns that nobody knows, as they stand there."""


class _BadCellError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_table(content: bytes, *, country: str | None) -> Table:
    """Read a whole file; `country`: digits of the telephone numbers that begin with 0.

    Raises:
        Refused: It is no such table, with what is missing.
    """
    text = _decoded(content)
    delimiter, head = _head(text)
    columns = [_COLUMNS.get(_folded(name)) for name in head]
    known = [column for column in columns if column is not None]
    if len(set(known)) != len(known):
        raise Refused("bridge_addresses_columns_twice")
    missing = [name for column, name in NEEDED.items() if column not in known]
    if missing:
        raise Refused("bridge_addresses_columns", columns=", ".join(missing))
    good: list[GoodRow] = []
    bad: list[BadRow] = []
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    next(rows)
    line = rows.line_num + 1
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                if len(good) + len(bad) >= MOST_ROWS:
                    raise Refused("bridge_addresses_large", rows=MOST_ROWS)
                try:
                    good.append(GoodRow(line, _person(columns, cells, country=country)))
                except _BadCellError as wrong:
                    bad.append(BadRow(line, wrong.reason))
            line = rows.line_num + 1
    except csv.Error:
        # A quote that is never closed, most likely: nobody knows where rows end after it.
        raise Refused("bridge_addresses_table", line=line) from None
    ignored = tuple(name for name, column in zip(head, columns, strict=True) if column is None)
    return Table(good, bad, tuple(filter(None, (name.strip() for name in ignored))))


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        # What is UTF-8 by chance is not what anybody wrote in cp1252.
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused("bridge_addresses_encoding")


def _head(text: str) -> tuple[str, list[str]]:
    """Give the delimiter that finds most columns, and the names in the first line."""

    def names(delimiter: str) -> list[str]:
        try:
            return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), list[str]())
        except csv.Error:
            return []

    def known(head: list[str]) -> int:
        return sum(_folded(name) in _COLUMNS for name in head)

    delimiter = max(_DELIMITERS, key=lambda one: known(names(one)))
    return delimiter, names(delimiter)


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(character for character in plain if character.isascii() and character.isalnum())


def _person(
    columns: Sequence[str | None], cells: Sequence[str], *, country: str | None
) -> KnownPerson:
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        raise _BadCellError("columns")
    said = {
        column: cell.strip()
        for column, cell in zip(columns, cells, strict=False)
        if column is not None
    }
    address = said.get("address", "")
    traits = Traits(
        birth_name=_cell("birth_name", _surname, said.get("birth_name", "")),
        used_name=_optional("used_name", _surname, said.get("used_name")),
        given_names=_cell("given_names", _line, said.get("given_names", "")),
        birth_date=_cell("birth_date", _date, said.get("birth_date", "")),
        sex=_cell("sex", _sex, said.get("sex", "")),
        postal_address=_cell("postal", _postal, said.get("postal", "")),
        phone=_optional("phone", lambda text: _phone(text, country), said.get("phone")),
    )
    known = KnownPerson(
        address=_optional("address", people.address_of, address),
        traits=traits,
        ins=_ins(said.get("ins", ""), said.get("oid", ""), traits),
    )
    if known.ins is None and known.address is None and key_of_person(known.person) is None:
        raise _BadCellError("too_little")
    return known


def _cell(reason: str, read: Callable[[str], _Value], text: str) -> _Value:
    try:
        return read(text)
    except (CliError, KeyError):
        raise _BadCellError(reason) from None


def _optional(reason: str, read: Callable[[str], _Value], text: str | None) -> _Value | None:
    return _cell(reason, read, text) if text else None


def _surname(text: str) -> str:
    return people.surname_of(text, option="")


def _line(text: str) -> str:
    return checked_line(text, option="")


def _date(text: str) -> str:
    return people.date_of(_NO_TIME.sub("", text), option="")


def _sex(text: str) -> str:
    return _SEXES[_folded(text)]


def _postal(text: str) -> tuple[str, ...]:
    lines = (line.strip() for line in text.replace("|", "\n").splitlines())
    return people.postal_address_of([line for line in lines if line])


def _phone(text: str, country: str | None) -> str:
    digits = re.sub(r"[\s.\-/]", "", text)
    national = _NATIONAL.fullmatch(digits)
    if national is not None and country is not None:
        digits = f"+{country}{national[1]}"
    return people.phone_of(digits)


def _ins(matricule: str, oid: str, traits: Traits) -> tuple[str, str] | None:
    if not matricule:
        return None
    oid = oid or NIR_OID
    if oid not in INS_OIDS:
        raise _BadCellError("oid")
    said = SaidTraits(birth_date=traits.birth_date, sex=Sex(traits.sex))
    found, _ = check_ins(matricule, oid, said)
    if found is None:
        raise _BadCellError("ins")
    return found.matricule, found.oid
